//! Several domains behind one [`Entitlements`]: each answers for the streams of its realm.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use talk_domain::kernel::context::Actor;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::live::{CatchUp, Ended, Entitlements, Gap, Resume, Scope, Starts};
use talk_domain::kernel::log::Portion;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::{Realm, StreamId};

/// The entitlements of several domains, each for the streams of its realm.
pub struct ByRealm(BTreeMap<Realm, Arc<dyn Entitlements>>);

impl ByRealm {
    /// Creates the entitlements of these domains.
    #[must_use]
    pub fn new<const N: usize>(domains: [(Realm, Arc<dyn Entitlements>); N]) -> Self {
        Self(domains.into())
    }
}

/// Returns the positions in streams of `realm`.
fn within(resume: &Resume, realm: Realm) -> Resume {
    let since = resume.since.iter();
    let since = since.filter(|(stream, _)| stream.realm == realm);
    Resume {
        epoch: resume.epoch.clone(),
        since: since.map(|(stream, seq)| (*stream, *seq)).collect(),
    }
}

impl Entitlements for ByRealm {
    /// Asks one domain after the other. A client that resumes in two realms sends ids alone, so that
    /// each domain gets all of them, except those that a domain before has answered. An id that no
    /// domain knows has ended in the first realm.
    fn starts(
        &self,
        actor: Actor,
        scope: &Scope,
        resume: &Resume,
    ) -> BoxFuture<'_, Result<Starts, StoreError>> {
        let parts = self.0.iter().map(|(realm, domain)| {
            let (scope, resume) = (scope.within(*realm), within(resume, *realm));
            (domain, scope, resume)
        });
        let asked: Vec<_> = parts.filter(|(_, scope, _)| !scope.is_empty()).collect();
        Box::pin(async move {
            let (mut all, mut answered, mut unknown) =
                (Starts::default(), BTreeSet::new(), Vec::new());
            for (domain, scope, mut resume) in asked {
                resume
                    .since
                    .retain(|stream, _| !answered.contains(&stream.id));
                let part = domain.starts(actor, &scope, &resume).await?;
                let (gone, known): (Vec<_>, Vec<_>) = part
                    .ended
                    .into_iter()
                    .partition(|(_, ended, _)| *ended == Ended::NotAParticipant);
                let begun = part.streams.keys().chain(known.iter().map(|end| &end.0));
                answered.extend(begun.map(|stream| stream.id));
                all.streams.extend(part.streams);
                all.ended.extend(known);
                all.refused.extend(part.refused);
                unknown.extend(gone);
            }
            unknown.retain(|(stream, ..)| answered.insert(stream.id));
            all.ended.extend(unknown);
            Ok(all)
        })
    }

    fn catch_up(
        &self,
        actor: Actor,
        stream: StreamId,
        portion: Portion,
    ) -> BoxFuture<'_, Result<CatchUp, StoreError>> {
        match self.0.get(&stream.realm) {
            Some(domain) => domain.catch_up(actor, stream, portion),
            None => Box::pin(async {
                Ok(CatchUp {
                    gap: Some(Gap::Gone),
                    ..CatchUp::default()
                })
            }),
        }
    }

    fn overseen(&self, actor: Actor) -> BTreeSet<Realm> {
        let domains = self.0.values();
        domains.flat_map(|domain| domain.overseen(actor)).collect()
    }

    fn streams_of(
        &self,
        customer: CustomerId,
        agent: AgentId,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        Box::pin(async move {
            let mut all = Vec::new();
            for domain in self.0.values() {
                all.extend(domain.streams_of(customer, agent).await?);
            }
            Ok(all)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::kernel::live::Start;
    use talk_domain::testing::{actor, agent_id, customer_id};
    use uuid::Uuid;

    const REALMS: [Realm; 2] = [Realm::new("one"), Realm::new("two")];

    fn stream(realm: Realm, id: u128) -> StreamId {
        let id = Uuid::from_u128(id);
        StreamId { realm, id }
    }

    /// A domain with one stream, whose id is 1 in the first realm and 2 in the second.
    struct OneStream(Realm, u128);

    impl Entitlements for OneStream {
        fn starts(
            &self,
            _: Actor,
            scope: &Scope,
            resume: &Resume,
        ) -> BoxFuture<'_, Result<Starts, StoreError>> {
            let mut starts = Starts::default();
            let own = stream(self.0, self.1);
            if scope.contains(own) {
                starts.streams.insert(own, Start::Head(9));
            }
            // Ids are answered in the order of the realms, so that 1 is known before the second realm.
            let mut asked = resume.since.keys();
            assert!(asked.all(|other| other.id >= own.id), "{resume:?}");
            for (other, seq) in resume.since.iter().filter(|(other, _)| **other != own) {
                starts.ended.push((*other, Ended::NotAParticipant, *seq));
            }
            Box::pin(async move { Ok(starts) })
        }

        fn catch_up(
            &self,
            _: Actor,
            _: StreamId,
            _: Portion,
        ) -> BoxFuture<'_, Result<CatchUp, StoreError>> {
            Box::pin(async { Ok(CatchUp::default()) })
        }

        fn overseen(&self, _: Actor) -> BTreeSet<Realm> {
            [self.0].into()
        }

        fn streams_of(
            &self,
            _: CustomerId,
            _: AgentId,
        ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
            let own = stream(self.0, self.1);
            Box::pin(async move { Ok(vec![own]) })
        }
    }

    fn both() -> ByRealm {
        let [one, two] = REALMS;
        let domain = |realm, id| {
            (
                realm,
                Arc::new(OneStream(realm, id)) as Arc<dyn Entitlements>,
            )
        };
        ByRealm::new([domain(one, 1), domain(two, 2)])
    }

    /// CONV-13: each id belongs to one realm, although a client that resumes does not name the
    /// realm.
    #[tokio::test]
    async fn a_domain_is_asked_for_its_streams_only_and_each_id_is_answered_once() {
        let [one, two] = REALMS;
        let me = actor(agent_id(1));
        let since = REALMS.map(|realm| [1, 2, 3].map(|id| (stream(realm, id), 4)));
        let resume = Resume {
            epoch: "e".into(),
            since: since.into_iter().flatten().collect(),
        };
        let all = Scope {
            realms: REALMS.into(),
            ..Scope::default()
        };
        let starts = both().starts(me, &all, &resume).await.unwrap();
        let begun: Vec<_> = starts.streams.into_keys().collect();
        assert_eq!(begun, [stream(one, 1), stream(two, 2)]);
        let end = (stream(one, 3), Ended::NotAParticipant, 4);
        assert_eq!(starts.ended, [end]);
        let second = Scope {
            streams: [stream(two, 2)].into(),
            ..Scope::default()
        };
        let starts = both().starts(me, &second, &Resume::default()).await;
        let begun: Vec<_> = starts.unwrap().streams.into_keys().collect();
        assert_eq!(begun, [stream(two, 2)]);
    }

    #[tokio::test]
    async fn what_all_domains_know_is_collected() {
        let [one, two] = REALMS;
        let (both, me) = (both(), actor(agent_id(1)));
        assert_eq!(both.overseen(me), REALMS.into());
        let streams = both.streams_of(customer_id(), agent_id(1)).await.unwrap();
        assert_eq!(streams, [stream(one, 1), stream(two, 2)]);
        let other = stream(Realm::new("three"), 1);
        let portion = Portion::new(0, 1);
        let gone = both.catch_up(me, other, portion).await.unwrap();
        assert_eq!(gone.gap, Some(Gap::Gone));
        let known = both.catch_up(me, stream(one, 1), portion).await.unwrap();
        assert_eq!(known.gap, None);
    }
}
