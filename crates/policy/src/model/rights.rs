//! What people can ask for, how, and until when it is answered.

use consentry_address::EmailAddress;

use crate::read::{
    ADDRESS, COUNT, FLAG, MONEY, PERIOD, PROMISE, TEXT, choice, choices, named, tables,
};
use crate::{Localized, Money, Period, PromiseId, Slug};

choices! {
    /// A right of chapter III of the GDPR.
    pub enum Right {
        /// To be told what is held (art. 15).
        Access = "access",
        /// To have it put right (art. 16).
        Rectify = "rectify",
        /// To have it deleted (art. 17).
        Erase = "erase",
        /// To have it left alone (art. 18).
        Restrict = "restrict",
        /// To take it elsewhere (art. 20).
        Port = "port",
        /// To object (art. 21).
        Object = "object",
        /// Not to be decided about by a machine (art. 22).
        AutomatedDecision = "automated-decision",
        /// To withdraw a consent (art. 7(3)).
        WithdrawConsent = "withdraw-consent",
        /// To say what becomes of data after death (French act of 1978, art. 85).
        PostMortem = "post-mortem",
        /// To be told who the processors are (S4-34).
        ProcessorList = "processor-list",
    }

    /// A ground for erasure (GDPR art. 17(1)).
    pub enum ErasureGround {
        /// Not needed any more.
        NotNeeded = "not-needed",
        /// The consent was withdrawn.
        ConsentWithdrawn = "consent-withdrawn",
        /// An objection without an overriding ground.
        Objection = "objection",
        /// Processed unlawfully.
        Unlawful = "unlawful",
        /// A law requires it.
        LegalDuty = "legal-duty",
        /// Collected from a child.
        Child = "child",
    }

    /// How a request arrives.
    pub enum ChannelKind {
        /// On a page, with a link that was mailed.
        Online = "online",
        /// By e-mail.
        Email = "email",
        /// By post.
        Post = "post",
    }

    /// What the clock of a deadline does while information is awaited (S4-98).
    pub enum Pause {
        /// It goes on.
        Never = "never",
        /// It rests while it is doubtful who is asking.
        IdentityDoubt = "identity-doubt",
    }
}

tables! {
    /// The rights desk.
    pub struct Rights {
        /// Which rights people have here; all of articles 15 to 22 when left out (S0-42).
        pub offered: Vec<Right> => optional_list(&choice("\"access\"")),
        /// How long a request may take to be answered, from its receipt (GDPR art. 12(3)).
        pub answer: Period => required(&PERIOD),
        /// By how long that may be extended, once, when a request is complex.
        pub extension: Option<Period> => optional(&PERIOD),
        /// How long before the deadline an alarm is raised (S2-51).
        pub alarm: Option<Period> => optional(&PERIOD),
        /// When the deadline's clock rests.
        pub pause: Pause => default(&choice("\"never\""), "\"never\""),
        /// How requests arrive.
        pub channels: Vec<Channel> => sections,
        /// Grounds for erasure that this policy knows; all when left out (S4-83).
        pub erasure_grounds: Vec<ErasureGround> => optional_list(&choice("\"not-needed\"")),
        /// Whether exercising rights is free; a fee is the exception (GDPR art. 12(5)).
        pub free: bool => default(&FLAG, "true"),
        /// What a further copy costs at most (GDPR art. 15(3); S3-62).
        pub copy_fee: Option<Money> => optional(&MONEY),
        /// Whether a clearly unfounded or excessive request may cost something (S4-97).
        pub fee_when_excessive: bool => default(&FLAG, "false"),
        /// Below this age, in years, a guardian asks, and data are purged at once (S3-83).
        pub child_age: Option<u32> => optional(&COUNT),
        /// Whom to tell when it is about somebody else's processing (S3-139).
        pub forward_to: Option<EmailAddress> => optional(&ADDRESS),
        /// What is told about rights beside what follows from the keys.
        pub remarks: Vec<Localized> => localized_list,
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// A way for requests to arrive.
    pub struct Channel {
        /// Which one.
        pub kind: ChannelKind => required(&choice("\"email\"")),
        /// Where to write, for e-mail; the controller's contact when left out.
        pub email: Option<EmailAddress> => optional(&ADDRESS),
        /// To whom a letter is addressed (S0-15).
        pub addressee: Option<Localized> => optional_localized,
        /// The postal address, line by line; the controller's when left out.
        pub post: Vec<String> => optional_list(&TEXT),
        /// What a request must state (S0-17, S3-58).
        pub requires: Vec<Requirement> => optional_sections,
        /// For which rights alone; for all when left out.
        pub rights: Vec<Right> => optional_list(&choice("\"access\"")),
        /// Promises of the notice that it carries.
        pub promises: Vec<PromiseId> => optional_list(&PROMISE),
    }

    /// Something that a request must state.
    pub struct Requirement {
        /// Names it in forms.
        pub id: Slug => required(&named("\"full-name\"")),
        /// What it is.
        pub name: Localized => localized,
        /// Whether it is a document that is deleted once identity is proved (S3-60).
        pub identity_document: bool => default(&FLAG, "false"),
    }
}

impl Right {
    /// Those of articles 15 to 22 of the GDPR: what is offered when a policy names none.
    pub const GENERAL: [Self; 7] = [
        Self::Access,
        Self::Rectify,
        Self::Erase,
        Self::Restrict,
        Self::Port,
        Self::Object,
        Self::AutomatedDecision,
    ];
}
