//! The shapes of the service's records, for the OpenAPI document. A test holds them against what
//! is served.

#![expect(dead_code, reason = "described, not made")]

use serde::Serialize;
use utoipa::ToSchema;

/// A person as another program needs them.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Subscriber")]
pub(super) struct SubscriberSchema {
    /// The record's number: random, and the same until the record is purged.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "5f0c1a9e27d3b846")]
    subject: String,
    /// The address as it was typed.
    #[schema(example = "anna@example.org")]
    email: String,
    /// Over all topics.
    state: StateSchema,
    /// The language of the person's letters.
    #[schema(example = "en")]
    language: String,
    topics: Vec<SubscriptionSchema>,
    /// Since when processing is restricted (GDPR art. 18).
    #[schema(format = DateTime)]
    restricted_at: Option<String>,
}

/// Where a person or a topic stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(title = "State")]
pub(super) enum StateSchema {
    /// Asked for, not confirmed
    Pending,
    /// Confirmed by the owner of the mailbox
    Confirmed,
    /// Left
    Unsubscribed,
}

/// One topic of a person.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Subscription")]
pub(super) struct SubscriptionSchema {
    #[schema(example = "newsletter")]
    topic: String,
    state: StateSchema,
    /// The legal basis (GDPR art. 6(1)).
    #[schema(example = "legitimate-interest")]
    basis: String,
    /// When it was first asked for.
    #[schema(format = DateTime)]
    requested_at: String,
    /// When it was last confirmed.
    #[schema(format = DateTime)]
    confirmed_at: Option<String>,
    /// When it was last left.
    #[schema(format = DateTime)]
    unsubscribed_at: Option<String>,
    /// While unsubscribed: when it was asked for again.
    #[schema(format = DateTime)]
    requested_again_at: Option<String>,
}

/// The copy that a person gets (GDPR art. 15 and 20).
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "PersonalData")]
pub(super) struct PersonalDataSchema {
    /// The name and version of this document's schema.
    #[schema(example = "consentry-personal-data/1")]
    schema: String,
    #[schema(format = DateTime)]
    exported_at: String,
    controller: ControllerSchema,
    person: PersonSchema,
    /// Why the data are held.
    purposes: Vec<PurposeSchema>,
    /// For how long.
    retention: RetentionSchema,
    /// The notice in force.
    notice_version: String,
}

/// Who holds the data.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Controller")]
pub(super) struct ControllerSchema {
    name: String,
    contact: String,
    hosting: String,
}

/// Why data are held.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Purpose")]
pub(super) struct PurposeSchema {
    id: String,
    name: String,
}

/// How long records are kept: periods such as `12 months`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Retention")]
pub(super) struct RetentionSchema {
    unconfirmed: String,
    erased: String,
    unsubscribed: Option<String>,
}

/// Everything that is held of one person.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Person")]
pub(super) struct PersonSchema {
    email: String,
    state: StateSchema,
    language: String,
    topics: Vec<SubscriptionSchema>,
    /// Every past change of state, oldest first.
    history: Vec<StateChangeSchema>,
    /// The consent events, oldest first.
    events: Vec<EventSchema>,
    #[schema(format = DateTime)]
    first_submitted_at: String,
    #[schema(format = DateTime)]
    reminded_at: Option<String>,
    #[schema(format = DateTime)]
    objected_at: Option<String>,
    #[schema(format = DateTime)]
    restricted_at: Option<String>,
    requested_email: Option<String>,
    /// What keeps the record whatever period is over.
    holds: Vec<HoldSchema>,
}

/// A hold on a record.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Hold")]
pub(super) struct HoldSchema {
    /// The kind of hold, in the policy.
    #[schema(example = "litigation")]
    kind: String,
    /// Its name in the person's language.
    name: String,
    #[schema(format = DateTime)]
    since: String,
    /// By when it is looked at again.
    #[schema(format = DateTime)]
    review_at: String,
}

/// One change of state.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "StateChange")]
pub(super) struct StateChangeSchema {
    state: StateSchema,
    /// `null` is everything.
    topic: Option<String>,
    #[schema(format = DateTime)]
    at: String,
}

/// One consent event.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Event")]
pub(super) struct EventSchema {
    #[schema(format = DateTime)]
    at: String,
    action: String,
    channel: String,
    topic: Option<String>,
    basis: Option<String>,
    notice_version: String,
    receipt: String,
    /// Where the record comes from, when not from the person (GDPR art. 15(1)(g)).
    source: Option<String>,
    /// When the person agreed there.
    #[schema(format = DateTime)]
    agreed_at: Option<String>,
}
