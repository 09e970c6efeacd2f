//! What the retention engine's records hold of people: events that are reported, holds in force.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

use crate::{
    Error, Service,
    ports::{Happening, Identity, LegalHold, RetentionStore},
};

/// The named events of the policy. Made by [`Service::events`].
#[derive(Clone)]
pub struct Events {
    service: Service,
    records: Arc<dyn RetentionStore>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&self.service).finish()
    }
}

impl Service {
    /// The same service with the records of the retention engine: without them nobody reports an
    /// event, and no record of a subscriber says that a hold keeps it.
    #[must_use]
    pub fn with_retention(mut self, records: Arc<dyn RetentionStore>) -> Self {
        self.extensions.retention = Some(records);
        self
    }

    /// The named events of the policy, where they are kept.
    pub fn events(&self) -> Option<Events> {
        Some(Events {
            service: self.clone(),
            records: self.extensions.retention.clone()?,
        })
    }

    /// Every hold that is set, on whatever.
    pub(crate) async fn legal_holds(&self) -> Result<Vec<LegalHold>, Error> {
        match &self.extensions.retention {
            Some(records) => Ok(records.legal_holds(self.controller()).await?),
            None => Ok(Vec::new()),
        }
    }
}

impl Events {
    /// The events that the policy declares.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        let events = self.service.policy().events.iter();
        events.map(|event| event.id.as_str())
    }

    /// Reports that an event happened to somebody, now when no time is given (S3-52). The latest time counts; the same report
    /// again, or an older one, changes nothing and answers `false`.
    ///
    /// # Errors
    /// [`Error::UnknownEvent`] for one that the policy does not declare.
    pub async fn report(
        &self,
        event: &str,
        identity: Identity,
        at: Option<Timestamp>,
    ) -> Result<bool, Error> {
        if !self.known().any(|known| known == event) {
            return Err(Error::UnknownEvent);
        }
        let (controller, now) = (self.service.controller(), self.service.now());
        let happening = Happening {
            at: at.unwrap_or(now),
            identity,
        };
        let noted = self.records.note_event(controller, event, &happening, now);
        Ok(noted.await?)
    }
}
