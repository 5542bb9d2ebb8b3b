//! How customers are described.

use talk_domain::customer::ShowCustomerError;

use crate::openapi::{Operation, example};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/v1.0/customers",
            "listCustomers",
            "Lists the own customer",
        )
        .paged()
        .refuses::<ShowCustomerError>()
        .lists("A list of one.", &example::customer()),
        Operation::new(
            "get",
            "/v1.0/customer",
            "showCustomer",
            "Shows the own customer",
        )
        .refuses::<ShowCustomerError>()
        .answers("The customer.", &example::customer()),
    ]
}
