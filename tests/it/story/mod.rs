//! The whole story of one person, over a real SMTP exchange, in both languages.

mod letters;

use consentry_tests::{
    database::Engine,
    dkim::{Algorithm, Key},
    mail::Letter,
    smtp::{Options, Sink},
};
use serde_json::Value;

use crate::steps::{Record, Stage, on_each_engine, site};

on_each_engine!(in_english, in_french);

const ADDRESS: &str = "Anna.Berger@kunde.example";
const TOPICS: [&str; 3] = ["newsletter", "demo", "sales-follow-up"];

fn in_english(engine: Engine) {
    whole(engine, "en");
}

fn in_french(engine: Engine) {
    whole(engine, "fr");
}

/// Who lives through it, in which language, and which keys their letters are signed with.
struct Story {
    stage: Stage,
    language: &'static str,
    keys: [Key; 2],
}

fn whole(engine: Engine, language: &'static str) {
    let site = site(engine).at("2027-01-04T09:00:00Z");
    let keys = [Algorithm::Rsa, Algorithm::Ed25519]
        .map(|algorithm| Key::generate(site.folder(), algorithm));
    let files = [&keys[0], &keys[1]].map(|key| key.file.to_str().expect("paths are UTF-8"));
    let site = site
        .with("CONSENTRY_DKIM_KEY_FILE", files.join(","))
        .with("CONSENTRY_DKIM_SELECTOR", "rsa1,ed1");
    let mut story = Story {
        stage: Stage::with_relay(site, Sink::start(Options::default())),
        language,
        keys,
    };
    let first = story.comes_in();
    story.scanners_change_nothing(&first);
    story.confirms(&first);
    story.chooses_topics(&first);
    story.leaves_with_one_click(&first);
    let second = story.comes_back(&first);
    story.takes_a_copy(&second);
    story.is_erased(&second);
    story.is_somebody_new();
    story.is_purged_on_the_day();
}

impl Story {
    fn record(&self) -> Record {
        self.stage.record(ADDRESS)
    }

    /// Signs up for everything.
    fn signs_up(&self) -> (u16, Option<String>) {
        let mut fields: Vec<(&str, &str)> = TOPICS.map(|topic| ("topic", topic)).into();
        fields.push(("lang", self.language));
        let answer = self.stage.sign_up_for(ADDRESS, &fields);
        (answer.status, answer.header("location").map(str::to_owned))
    }

    /// The one letter of the next pass, well-formed and signed.
    fn letter(&self) -> Letter {
        let letter = self.stage.only_letter();
        self.assert_is_proper(&letter);
        letter
    }

    /// S0-18, S0-19, S0-25, S0-26, S0-29, S0-55: the form takes the address alone, the record is there
    /// before any letter went, with its basis and the notice that was shown.
    fn comes_in(&self) -> Letter {
        self.signs_up();
        let record = self.record();
        assert_eq!(record.state(), "pending");
        for topic in TOPICS {
            let topic = record.topic(topic);
            assert_eq!(topic["state"], "pending");
            assert_eq!(topic["basis"], "legitimate-interest");
        }
        let asked = record.events("requested");
        assert_eq!(asked.len(), TOPICS.len());
        let notice = asked[0]["notice_version"].as_str();
        assert!(notice.is_some_and(|notice| !notice.is_empty()));
        self.letter()
    }

    /// S0-27, S0-46: opening a link changes nothing, however often and by whichever safe method.
    fn scanners_change_nothing(&self, letter: &Letter) {
        let before = self.record();
        let paths = ["/confirm/", "/preferences/", "/unsubscribe/"].map(|kind| match kind {
            "/unsubscribe/" => letter.one_click_path(),
            kind => letter.path(kind),
        });
        for _ in 0..50 {
            for path in &paths {
                assert_eq!(self.stage.client.get(path).status, 200);
                let head = self.stage.client.request("HEAD", path, None, &[]);
                assert_eq!((head.status, head.body.as_str()), (200, ""));
            }
        }
        assert_eq!(self.record(), before);
        self.stage.no_letter();
    }

    /// S0-26, S0-27, S0-33: the button confirms; pressed again, or by a second device, it is friendly.
    fn confirms(&self, letter: &Letter) {
        let confirm = letter.path("/confirm/");
        let page = self.stage.client.get(&confirm).body;
        assert_eq!(page.matches("<button").count(), 1, "one button: {page}");
        self.stage.press(&confirm, &[]);
        let record = self.record();
        assert_eq!(record.state(), "confirmed");
        let confirmed = record.events("confirmed");
        assert_eq!(confirmed.len(), TOPICS.len());
        assert_eq!(confirmed[0]["basis"], "legitimate-interest");

        let friendly = match self.language {
            "fr" => "Déjà confirmée",
            _ => "Already confirmed",
        };
        let language = format!("{confirm}?lang={}", self.language);
        assert!(self.stage.press(&language, &[]).body.contains(friendly));
        assert!(self.stage.client.get(&language).body.contains(friendly));
        assert_eq!(self.record(), record);
    }

    /// S0-46 to S0-49, S0-54: each topic can be left on its own; the others stay; what is added rests
    /// on consent.
    fn chooses_topics(&self, letter: &Letter) {
        let preferences = letter.path("/preferences/");
        for left in TOPICS {
            let keep: Vec<_> = TOPICS
                .iter()
                .filter(|topic| **topic != left)
                .map(|topic| ("topic", *topic))
                .collect();
            self.stage.press(&preferences, &keep);
            let record = self.record();
            assert_eq!(record.state(), "confirmed");
            for topic in TOPICS {
                let state = if topic == left {
                    "unsubscribed"
                } else {
                    "confirmed"
                };
                assert_eq!(record.topic_state(topic), state, "{topic} without {left}");
            }
            let objections = record.events("objected");
            let last = objections.last().expect("leaving is an objection");
            assert_eq!(last["topic"], left);
            assert_eq!(last["channel"], "link");

            self.stage
                .press(&preferences, &TOPICS.map(|topic| ("topic", topic)));
            let record = self.record();
            assert_eq!(record.topic_state(left), "confirmed");
            assert_eq!(record.topic(left)["basis"], "consent");
            assert!(
                record.topic(left)["unsubscribed_at"].is_string(),
                "the date is kept"
            );
        }
        self.stage.no_letter();
    }

    /// S0-44, S0-50 to S0-54: the mail program's button leaves everything at once, without page, login
    /// or cookie, in both encodings, as often as it likes, for one objection.
    fn leaves_with_one_click(&self, letter: &Letter) {
        let path = letter.one_click_path();
        let fields = [("List-Unsubscribe", "One-Click")];
        let before = self.record().events("objected").len();
        for _ in 0..50 {
            for answer in [
                self.stage.client.post_form(&path, &fields),
                self.stage.client.post_multipart(&path, &fields),
            ] {
                assert_eq!(answer.status, 200, "{}", answer.body);
                assert_eq!(answer.header("location"), None);
                assert_eq!(answer.header("set-cookie"), None);
            }
        }
        let record = self.record();
        assert_eq!(record.state(), "unsubscribed");
        let objections = record.events("objected");
        assert_eq!(objections.len(), before + 1);
        let last = objections[before];
        assert_eq!(
            (&last["channel"], &last["topic"]),
            (&"one-click".into(), &Value::Null)
        );
        for topic in TOPICS {
            assert_eq!(record.topic_state(topic), "unsubscribed");
        }
        self.is_dead(&letter.path("/confirm/"));
    }

    /// S0-56: a link of an earlier subscription neither shows nor does anything.
    fn is_dead(&self, path: &str) {
        assert_eq!(self.stage.client.get(path).status, 410);
        assert_eq!(self.stage.client.post_form(path, &[]).status, 410);
    }

    /// S0-30, S0-55 to S0-58: coming back gets the same answer, needs a fresh confirmation, rests on
    /// consent, kills older links and forgets no date of leaving.
    fn comes_back(&mut self, first: &Letter) -> Letter {
        let before = self.record();
        let left: Vec<Value> = before.events("objected").into_iter().cloned().collect();
        let neutral = self
            .stage
            .sign_up_for("somebody@else.example", &[("lang", self.language)]);
        let somebody = self.letter();
        assert_eq!(somebody.to, "somebody@else.example");

        self.stage.travel("2027-02-01T09:00:00Z");
        let (status, location) = self.signs_up();
        assert_eq!(Some(status), Some(neutral.status));
        assert_eq!(location.as_deref(), neutral.header("location"));
        assert_eq!(
            self.record().state(),
            "unsubscribed",
            "nobody comes back by a form alone"
        );
        let letter = self.letter_to(ADDRESS);
        assert_eq!(self.record().state(), "unsubscribed", "nor by a letter");
        self.is_dead(&first.path("/confirm/"));
        self.is_dead(&first.path("/preferences/"));

        self.stage.press(&letter.path("/confirm/"), &[]);
        let record = self.record();
        assert_eq!(record.state(), "confirmed");
        for topic in TOPICS {
            assert_eq!(record.topic_state(topic), "confirmed");
            assert_eq!(record.topic(topic)["basis"], "consent");
            assert!(record.topic(topic)["unsubscribed_at"].is_string());
        }
        let mut again = record.events("requested-again");
        again.retain(|event| event["channel"] == "form");
        assert_eq!(again.len(), TOPICS.len());
        assert!(again.iter().all(|event| event["basis"] == "consent"));
        assert!(
            again
                .iter()
                .all(|event| event["notice_version"].is_string())
        );
        let kept: Vec<Value> = record.events("objected").into_iter().cloned().collect();
        assert_eq!(kept, left);
        for objection in &left {
            let is_in_history = record
                .list("history")
                .iter()
                .any(|change| change["state"] == "unsubscribed" && change["at"] == objection["at"]);
            assert!(is_in_history, "{objection} is not in the history");
        }
        letter
    }

    /// The one letter to `address` in the next pass; others may have become due beside it.
    fn letter_to(&self, address: &str) -> Letter {
        let mut letters = self.stage.pass();
        letters.retain(|letter| letter.to == address);
        assert_eq!(letters.len(), 1, "one letter to {address}");
        self.assert_is_proper(&letters[0]);
        letters.remove(0)
    }

    /// S0-38, S0-41: the same copy by the page and by the operator, with what GDPR art. 15 asks for.
    fn takes_a_copy(&self, letter: &Letter) {
        let answer = self
            .stage
            .press(&letter.path("/preferences/"), &[("action", "export")]);
        let by_page = answer.json();
        let by_operator = self
            .stage
            .site
            .admin(&["subscriber", "export", ADDRESS])
            .json();
        let record = self.record();
        for copy in [&by_page, &by_operator] {
            assert_eq!(copy["person"]["email"], ADDRESS);
            assert_eq!(copy["person"]["topics"], record.0["topics"]);
            assert_eq!(copy["person"]["history"], record.0["history"]);
            assert!(
                copy["purposes"]
                    .as_array()
                    .is_some_and(|all| !all.is_empty())
            );
            assert!(copy["retention"]["erased"].is_string());
            assert!(copy["controller"]["contact"].is_string());
        }
        assert_eq!(record.events("exported").len(), 2);
    }

    /// S0-40, S0-60 to S0-62: erasure hides at once, everywhere; what waits in the queue is cancelled;
    /// one answer goes, and nothing after it.
    fn is_erased(&self, letter: &Letter) {
        let preferences = letter.path("/preferences/");
        // This letter waits when the person is erased.
        let lost = self
            .stage
            .client
            .post_form("/preferences", &[("email", ADDRESS)]);
        assert_eq!(lost.status, 303);
        self.stage.press(&preferences, &[("action", "erase")]);

        assert!(!self.stage.is_visible(ADDRESS));
        let export = self.stage.site.admin(&["subscriber", "export", ADDRESS]);
        assert_eq!((export.code, export.stdout.as_str()), (Some(1), ""));
        for topic in TOPICS {
            let arguments = ["subscriber", "list", "--topic", topic, "--format", "json"];
            assert!(!self.stage.admin(&arguments).contains(ADDRESS));
        }
        for path in [
            &preferences,
            &letter.path("/confirm/"),
            &letter.one_click_path(),
        ] {
            assert_eq!(self.stage.client.get(path).status, 404);
        }
        assert_eq!(
            self.stage
                .client
                .post_form(&preferences, &[("action", "erase")])
                .status,
            404
        );
        self.stage.one_click(letter);

        let answer = self.letter();
        assert_eq!(answer.to, ADDRESS);
        let promised = match self.language {
            "fr" => "3 mars 2027",
            _ => "3 March 2027",
        };
        assert!(answer.text.contains(promised), "{}", answer.text);
        self.stage.no_letter();
    }

    /// S0-66: whoever comes back during the grace is somebody new, with nothing of the old record.
    fn is_somebody_new(&self) {
        self.signs_up();
        let letter = self.letter();
        self.stage.press(&letter.path("/confirm/"), &[]);
        let record = self.record();
        assert_eq!(record.state(), "confirmed");
        assert_eq!(record.topic("newsletter")["basis"], "legitimate-interest");
        assert!(record.events("objected").is_empty());
        assert_eq!(record.events("requested").len(), TOPICS.len());
    }

    /// S0-63, S0-66: the hidden record goes on its day and not before, the new one lives.
    fn is_purged_on_the_day(&mut self) {
        let records = "the hidden one, the new one, somebody else";
        assert_eq!(self.stage.records(), 3, "{records}");
        self.stage.travel("2027-03-03T08:55:00Z");
        self.stage.pass();
        assert_eq!(self.stage.records(), 3, "{records}");
        self.stage.travel("2027-03-03T09:05:00Z");
        self.stage.pass();
        assert_eq!(self.stage.records(), 2);
        assert_eq!(self.record().state(), "confirmed");
    }
}
