//! Uploaded files.

use diesel::prelude::*;
use talk_domain::kernel::id::FileId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::media::FileRepository;

use crate::error::fault;
use crate::portable::rows::bytes;
use crate::portable::schema::files;
use crate::portable::scope::Scope;

impl FileRepository for Scope<'_> {
    fn exists(&mut self, id: FileId) -> Result<bool, StoreError> {
        files::table
            .filter(files::id.eq(bytes(id.0)))
            .filter(files::customer_id.eq(self.customer()))
            .select(files::id)
            .first::<Vec<u8>>(self.conn)
            .optional()
            .map(|found| found.is_some())
            .map_err(fault)
    }
}
