//! Who is responsible, where the data lie, whom to write to.

use consentry_address::EmailAddress;

use crate::read::{ADDRESS, COUNTRY, DATE, FLAG, MONEY, TEXT, URL, choice, choices, named, tables};
use crate::{ControllerId, Country, Localized, Money, Slug};

choices! {
    /// In which capacity data are processed (GDPR art. 4(7), 4(8)).
    pub enum Role {
        /// Decides why and how.
        Controller = "controller",
        /// Acts for somebody else, on instructions.
        Processor = "processor",
    }

    /// The region that a notice claims its servers to be in.
    pub enum Region {
        /// The European Union.
        Eu = "EU",
        /// The European Economic Area.
        Eea = "EEA",
        /// The continent: wider than either, and no safeguard in itself.
        Europe = "Europe",
    }

    /// What a host does.
    pub enum HostRole {
        /// Holds the data.
        Main = "main",
        /// Holds a part, or a copy.
        Partner = "partner",
    }

    /// What a contact is for.
    pub enum ContactPurpose {
        /// Requests to exercise rights.
        Privacy = "privacy",
        /// Questions about the notice.
        Questions = "questions",
        /// The list of processors, on request.
        Processors = "processors",
        /// Requests of the controllers that a processor works for.
        Controllers = "controllers",
    }
}

tables! {
    /// The controller: who is responsible and how to reach them (GDPR art. 13(1)(a)).
    pub struct Controller {
        /// Names the controller in the database; never change it (S0-99).
        pub id: ControllerId => required(&named("\"my-company\"")),
        /// The legal entity (S0-01, S4-11).
        pub name: String => required(&TEXT),
        /// What the public knows the product by; not the legal name (S0-05).
        pub brand: String => required(&TEXT),
        /// What the company does (S1-05).
        pub activity: Option<Localized> => optional_localized,
        /// The postal address, line by line, without the country (S0-01).
        pub address: Vec<String> => list(&TEXT),
        /// The country of the address (S0-01).
        pub country: Country => required(&COUNTRY),
        /// Where people write (S0-01, S0-67); shown in the officer's place where none is declared
        /// (S0-100).
        pub contact: EmailAddress => required(&ADDRESS),
        /// The public site, an `http` or `https` URL.
        pub website: Option<String> => optional(&URL),
        /// The legal form, such as `SAS` (S0-02).
        pub legal_form: Option<String> => optional(&TEXT),
        /// The share capital (S0-02, S1-04).
        pub capital: Option<Money> => optional(&MONEY),
        /// The number in the trade register, as written there (S0-03).
        pub registry_number: Option<String> => optional(&TEXT),
        /// The VAT number (S0-04).
        pub vat_number: Option<String> => optional(&TEXT),
        /// The telephone number.
        pub phone: Option<String> => optional(&TEXT),
        /// The data protection officer, where one is declared (S0-100, S1-56; GDPR art. 37).
        pub dpo: Option<Dpo> => optional_section,
    }

    /// A data protection officer (GDPR art. 37(7)).
    pub struct Dpo {
        /// The officer's name or office.
        pub name: String => required(&TEXT),
        /// Where to write.
        pub contact: EmailAddress => required(&ADDRESS),
    }

    /// A host of the data (S0-06, S0-34, S3-43).
    pub struct Host {
        /// Names the host in this file.
        pub id: Slug => required(&named("\"main-host\"")),
        /// What it does.
        pub role: HostRole => default(&choice("\"main\""), "\"main\""),
        /// Whether the controller hosts itself (S2-62): then `name` may be left out.
        pub is_controller: bool => default(&FLAG, "false"),
        /// The hosting company; left out when the controller hosts itself.
        pub name: Option<String> => optional(&TEXT),
        /// The city where the data lie (S0-34).
        pub city: Option<String> => optional(&TEXT),
        /// The country where the data lie (S0-34, S1-33).
        pub country: Country => required(&COUNTRY),
        /// The legal form of the host.
        pub legal_form: Option<String> => optional(&TEXT),
        /// The share capital of the host.
        pub capital: Option<Money> => optional(&MONEY),
        /// The number of the host in the trade register.
        pub registry_number: Option<String> => optional(&TEXT),
        /// The code of the host's main activity, such as `63.11Z`.
        pub activity_code: Option<String> => optional(&TEXT),
        /// The VAT number of the host.
        pub vat_number: Option<String> => optional(&TEXT),
        /// The seat of the host, line by line.
        pub seat: Vec<String> => optional_list(&TEXT),
        /// The telephone number of the host.
        pub phone: Option<String> => optional(&TEXT),
        /// A document that identifies the host, when this file does not (S1-34).
        pub document: Option<Reference> => optional_section,
    }

    /// A document elsewhere.
    pub struct Reference {
        /// What it is called.
        pub name: Localized => localized,
        /// Where it is, where it is public.
        pub url: Option<String> => optional(&URL),
        /// Its date.
        pub date: Option<jiff::civil::Date> => optional(&DATE),
    }

    /// An address for one purpose (S2-08, S2-09, S3-02, S3-139).
    pub struct Contact {
        /// What one writes there for.
        pub purpose: ContactPurpose => required(&choice("\"privacy\"")),
        /// Where to write by e-mail.
        pub email: Option<EmailAddress> => optional(&ADDRESS),
        /// To whom a letter is addressed, such as a role (S0-15).
        pub addressee: Option<Localized> => optional_localized,
        /// Where to write by post, line by line.
        pub post: Vec<String> => optional_list(&TEXT),
    }

    /// The authority that people may complain to (GDPR art. 77; S4-101, S4-102).
    pub struct Authority {
        /// Its name.
        pub name: String => required(&TEXT),
        /// Its postal address, line by line.
        pub address: Vec<String> => optional_list(&TEXT),
        /// Its telephone number.
        pub phone: Option<String> => optional(&TEXT),
        /// Its fax number.
        pub fax: Option<String> => optional(&TEXT),
        /// When it answers the telephone.
        pub hours: Option<Localized> => optional_localized,
        /// Its site.
        pub website: String => required(&URL),
        /// Where to complain.
        pub complaint_form: Option<String> => optional(&URL),
    }
}
