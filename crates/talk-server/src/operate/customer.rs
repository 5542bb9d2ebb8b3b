//! The operator's commands about customers.

use talk_domain::customer::Customer;
use talk_domain::customer::create::create_customer;
use talk_domain::store::Unit;
use talk_wire::resource;
use uuid::Uuid;

use super::Operator;
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
        let stored = customer.clone();
        let unit = Unit::of(id, "create_customer");
        let created = self
            .store
            .write(unit, move |uow| create_customer(uow, &stored));
        created.await.map_err(refused)?;
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
