//! The operator's commands about customers.

use talk_domain::identity::customer::Customer;
use talk_domain::identity::customer::create::create_customer;
use talk_domain::identity::customer::delete::delete_customer;
use talk_domain::identity::customer::show::show_customer;
use talk_domain::kernel::cleanup::Deleted;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::Unit;
use talk_wire::resource;
use uuid::Uuid;

use super::Operator;
use super::erasure::Confirmation;
use crate::failure::Failure;
use crate::installation::{fresh, now, refused};

impl Operator {
    pub(super) async fn create_customer(
        &self,
        name: &str,
        id: Option<Uuid>,
    ) -> Result<(), Failure> {
        let id = id.map_or_else(fresh, Into::into);
        let customer = Customer::new(id, name, now()).map_err(refused)?;
        let (stored, limits) = (customer.clone(), self.limits);
        let unit = Unit::of(id, "create_customer");
        let created = self
            .store
            .write(unit, move |uow| create_customer(uow, &stored, &limits));
        created.await.map_err(refused)?;
        self.print(&line(&customer), &resource::Customer::from(&customer))
    }

    /// Deletes a customer and waits until everything it has is removed.
    pub(super) async fn delete_customer(
        &self,
        id: CustomerId,
        confirmation: Confirmation,
    ) -> Result<(), Failure> {
        let unit = Unit::of(id, "show_customer");
        let found = self
            .store
            .read(unit, move |snapshot| show_customer(snapshot, id));
        let Customer { name, .. } = found.await.map_err(refused)?;
        confirmation.check(&format!(
            "delete the customer {name} ({id}) with everything it has"
        ))?;
        let unit = Unit::of(id, "delete_customer");
        let deleted = self.store.write(unit, move |uow| delete_customer(uow, id));
        let customer = deleted.await.map_err(refused)?;
        self.clean_up(&[Deleted::Customer(id)], "deleting").await?;
        self.print(&line(&customer), &resource::Customer::from(&customer))
    }

    pub(super) async fn list_customers(&self) -> Result<(), Failure> {
        let unit = Unit::installation("list_customers");
        let customers = self
            .store
            .read(unit, |snapshot| snapshot.directory().customers());
        let customers = customers.await.map_err(refused)?;
        let lines: Vec<_> = customers.iter().map(line).collect();
        let resources: Vec<_> = customers.iter().map(resource::Customer::from).collect();
        self.print(&lines.join("\n"), &resources)
    }
}

fn line(customer: &Customer) -> String {
    format!("{}\t{}", customer.id, customer.name)
}
