//! Which topics there are.

use std::collections::BTreeMap;

use axum::{Json, extract::State as Shared};
use consentry_policy::{Localized, Policy};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    State,
    auth::{Caller, TopicsRead},
    problem::Common,
};

/// A communication that a person can leave on its own.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Topic")]
pub(super) struct TopicDocument {
    /// Its name in this API.
    #[schema(example = "newsletter")]
    id: String,
    /// Its name on pages, by language.
    name: BTreeMap<&'static str, String>,
    /// What a subscriber receives, by language.
    description: BTreeMap<&'static str, String>,
    /// What the data are used for.
    purpose: String,
    /// Why that is lawful (GDPR art. 6(1)).
    #[schema(example = "legitimate-interest")]
    basis: &'static str,
    /// Whether a request that names no topic subscribes to this one.
    default: bool,
}

/// Every topic.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Topics")]
pub(super) struct TopicsDocument {
    topics: Vec<TopicDocument>,
}

/// The topics of the policy in force.
#[utoipa::path(
    get,
    path = "/topics",
    operation_id = "listTopics",
    tag = "topics",
    security(("key" = ["topics:read"])),
    responses((status = 200, description = "The topics", body = TopicsDocument), Common)
)]
pub(super) async fn list(
    _: Caller<TopicsRead>,
    Shared(state): Shared<State>,
) -> Json<TopicsDocument> {
    let policy = state.app.policy();
    let topics = policy.topics.iter().map(|topic| TopicDocument {
        id: topic.id.to_string(),
        name: by_language(policy, &topic.name),
        description: by_language(policy, &topic.description),
        purpose: topic.purpose.to_string(),
        basis: topic.basis.as_str(),
        default: topic.default,
    });
    Json(TopicsDocument {
        topics: topics.collect(),
    })
}

fn by_language(policy: &Policy, text: &Localized) -> BTreeMap<&'static str, String> {
    let offered = policy.languages.offered.iter();
    offered
        .map(|&language| (language.as_str(), text.get(language).to_owned()))
        .collect()
}
