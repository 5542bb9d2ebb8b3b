use super::*;
use crate::channels::Ports;
use conversation_domain::model::account::{Account, AccountSecrets};
use conversation_domain::testing::{MockSnapshot, MockUnit, a_receipt, account_id, an_sms_account};
use conversation_domain::unit::Conversations;
use std::sync::Mutex;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::ReceiptId;
use talk_domain::kernel::secret::{Sealed, Secrets};
use talk_domain::kernel::store::{Database, ReadWork, Store, Work};
use talk_domain::testing::at;
use talk_outgoing::{Client, ClientSettings, Guard};

/// Opens every secret except an empty one.
struct Keys;

impl Secrets for Keys {
    fn create(&self, _: &[u8]) -> Result<(String, Sealed), SecretError> {
        Err(SecretError::NoKey)
    }

    fn seal(&self, _: &[u8], _: &str) -> Result<Sealed, SecretError> {
        Err(SecretError::NoKey)
    }

    fn open(&self, _: &[u8], sealed: &Sealed) -> Result<String, SecretError> {
        if sealed.0.is_empty() {
            return Err(SecretError::Unreadable);
        }
        Ok("token".to_owned())
    }
}

/// A store with one waiting receipt of each account, whose secrets open or not.
struct Waiting {
    accounts: Vec<(AccountId, bool)>,
    taken: Arc<Mutex<Vec<ReceiptId>>>,
}

impl Database for Waiting {
    fn epoch(&self) -> &'static str {
        "e-1"
    }
}

fn receipt_of(account: AccountId) -> Receipt {
    Receipt {
        id: account.0.into(),
        account,
        body: b"MessageSid=SM1&MessageStatus=dreaming".to_vec(),
        ..a_receipt()
    }
}

impl Store<Conversations> for Waiting {
    fn execute(
        &self,
        _: Unit,
        mut work: Work<Conversations>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut uow = MockUnit::default();
        let get = uow.receipts.expect_get();
        get.returning(|id| Ok(Some(receipt_of(AccountId(id.0)))));
        let (update, taken) = (uow.receipts.expect_update(), Arc::clone(&self.taken));
        update.returning(move |receipt| {
            taken.lock().unwrap().push(receipt.id);
            Ok(())
        });
        work(&mut uow);
        Box::pin(async { Ok(()) })
    }

    fn query(
        &self,
        _: Unit,
        mut work: ReadWork<Conversations>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut snapshot = MockSnapshot::default();
        let left = self.accounts.iter().filter(|(account, _)| {
            let taken = self.taken.lock().unwrap();
            !taken.contains(&account.0.into())
        });
        let arrived = left.map(|(account, _)| Arrived {
            customer: an_sms_account().customer,
            account: *account,
        });
        let arrived: Vec<_> = arrived.collect();
        let query = snapshot.receipts.expect_arrived();
        query.returning(move |_, limit| Ok(arrived.iter().take(limit as usize).copied().collect()));
        let query = snapshot.receipts.expect_waiting();
        query.returning(|account, _, _| Ok(vec![receipt_of(account)]));
        let (query, accounts) = (snapshot.accounts.expect_get(), self.accounts.clone());
        query.returning(move |id| {
            let opens = accounts.contains(&(id, true));
            Ok(Some(Account {
                id,
                secrets: AccountSecrets {
                    token: Some(Sealed(vec![1; usize::from(opens)])),
                    secret: None,
                },
                ..an_sms_account()
            }))
        });
        work(&mut snapshot);
        Box::pin(async { Ok(()) })
    }
}

/// CONV-35: accounts whose secrets cannot be opened, also more than are read at a time, do not stop the
/// others. Their receipts wait.
#[tokio::test]
async fn an_account_that_cannot_be_read_does_not_stop_the_others() {
    let count = u128::from(ACCOUNTS) + 6;
    let accounts = (0..count).map(|n| (account_id(n), n >= count - 3));
    let taken = Arc::default();
    let store = Arc::new(Waiting {
        accounts: accounts.collect(),
        taken: Arc::clone(&taken),
    });
    let ports = Ports {
        link: Arc::new(|_| None),
        store,
        secrets: Arc::new(Keys),
        clock: Arc::new(|| at(9)),
        random: Arc::new(|| 1),
    };
    let settings = ClientSettings {
        user_agent: "Talk",
        timeout_ms: 1_000,
        connect_timeout_ms: 1_000,
        authorities: None,
    };
    let client = Client::new(Guard::new(&[], &[], false).unwrap(), &settings).unwrap();
    let channels = Arc::new(Channels::new(ports, client, None));
    let mut reader = Reader::new(channels);
    for _ in 0..3 {
        reader.look().await.unwrap();
    }
    let mut taken = taken.lock().unwrap().clone();
    taken.sort_unstable();
    let others = (count - 3..count).map(|n| ReceiptId(account_id(n).0));
    assert_eq!(taken, others.collect::<Vec<_>>());
}
