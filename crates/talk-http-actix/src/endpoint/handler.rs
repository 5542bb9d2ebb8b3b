//! Handlers: async functions of what they extract from a request.

use futures_util::future::LocalBoxFuture;

use super::answer::IntoReply;
use super::extract::{Extract, Incoming};
use crate::caller::Reply;
use crate::openapi::Operation;

/// A handler that all threads share, whatever its arguments are.
pub(super) type Call = Box<dyn Fn(Incoming) -> LocalBoxFuture<'static, Reply> + Send + Sync>;

/// An async function whose arguments are extracted in order, each after the one before was
/// accepted: with the caller first, no body is read before authentication.
pub(crate) trait Handler<Args>: Clone + Send + Sync + 'static {
    /// Extracts the arguments and calls the function.
    fn call(self, incoming: Incoming) -> LocalBoxFuture<'static, Reply>;

    /// Describes the arguments and the result.
    fn describe(operation: Operation) -> Operation;

    /// Hides the types of the arguments.
    fn into_call(self) -> Call {
        Box::new(move |incoming| self.clone().call(incoming))
    }
}

macro_rules! handler {
    ($($argument:ident)*) => {
        impl<F, R, $($argument),*> Handler<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + Clone + Send + Sync + 'static,
            R: Future + 'static,
            R::Output: IntoReply,
            $($argument: Extract + 'static,)*
        {
            #[allow(non_snake_case, unused_mut, unused_variables, reason = "a macro")]
            fn call(self, mut incoming: Incoming) -> LocalBoxFuture<'static, Reply> {
                Box::pin(async move {
                    $(let $argument = $argument::extract(&mut incoming).await?;)*
                    self($($argument),*).await.into_reply()
                })
            }

            fn describe(operation: Operation) -> Operation {
                $(let operation = $argument::describe(operation);)*
                R::Output::describe(operation)
            }
        }
    };
}

handler!();
handler!(A);
handler!(A B);
handler!(A B C);
handler!(A B C D);
