//! From the text of a policy file to a [`Policy`], or to everything that is wrong with it.

mod check;
mod section;
mod value;

use std::cell::RefCell;

use toml::de::DeTable;

use self::section::{Read, Section};
use self::value::{
    ADDRESS, AMOUNT, BASIS, COUNT, CURRENCY, DOMAIN, FLAG, LANGUAGE, LIMIT, PERCENT, PERIOD, RATE,
    SENDER, TEXT, URL, VERSION, ZONE,
};
use crate::problem::Fault;
use crate::{
    Breaker, Capital, Controller, Dpo, Hosting, Languages, Limits, Links, Mail, NoticeVersion,
    Period, Policy, Purpose, Retention, Subscription, Topic,
};

/// Reads a policy file; on failure, every fault that can be told from the others.
pub(crate) fn policy(source: &str) -> Result<Policy, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(source);
    if !errors.is_empty() {
        return Err(errors.iter().map(syntax_fault).collect());
    }
    let faults = RefCell::default();
    let policy = Section::root(table.get_ref(), &faults, |root| read(root, table.get_ref()));
    match (policy, faults.into_inner()) {
        (Ok(policy), faults) if faults.is_empty() => Ok(policy),
        (_, faults) => Err(faults),
    }
}

fn syntax_fault(error: &toml::de::Error) -> Fault {
    Fault {
        key: String::new(),
        place: error.span().unwrap_or(0..0),
        message: format!("not TOML: {}", error.message()),
        help: None,
    }
}

fn read(root: &Section<'_>, table: &DeTable<'_>) -> Read<Policy> {
    let version = root.required("version", &VERSION);
    let time_zone = root.required("time_zone", &ZONE);
    let languages = root.section("languages", languages);
    let offered = languages.as_ref().ok();
    let controller = root.section("controller", |section| controller(section, offered));
    let hosting = root.section("hosting", |section| hosting(section, offered));
    let purposes = root.sections("purposes", |section| {
        let id = section.required("id", &value::of("\"product-news\""));
        let name = section.localized("name", offered);
        Ok(Purpose {
            id: id?,
            name: name?,
        })
    });
    let topics = root.sections("topics", |section| topic(section, offered));
    let subscription = root.section("subscription", subscription);
    let retention = root.section("retention", retention);
    let links = root.section("links", links);
    let limits = root.section("limits", limits);
    let mail = root.section("mail", mail);
    if let Ok(languages) = &languages {
        check::languages(root, languages);
    }
    if let Ok(purposes) = &purposes {
        check::purposes(root, purposes);
    }
    if let Ok(topics) = &topics {
        check::topics(root, topics, purposes.as_deref().ok());
    }
    if let (Ok(subscription), Ok(retention)) = (&subscription, &retention) {
        check::reminder(root, subscription, retention);
    }
    if let (Ok(links), Ok(retention)) = (&links, &retention) {
        check::links(root, links, retention);
    }
    if let Ok(limits) = &limits {
        check::limits(root, limits);
    }
    if let Ok(mail) = &mail {
        check::mail(root, mail);
    }
    let version = version?;
    Ok(Policy {
        notice_version: NoticeVersion::new(&version, table),
        version,
        controller: controller?,
        hosting: hosting?,
        languages: languages?,
        time_zone: time_zone?,
        purposes: purposes?,
        topics: topics?,
        subscription: subscription?,
        retention: retention?,
        links: links?,
        limits: limits?,
        mail: mail?,
    })
}

fn languages(section: &Section<'_>) -> Read<Languages> {
    let default = section.required("default", &LANGUAGE);
    let offered = section.list("offered", &LANGUAGE);
    Ok(Languages {
        default: default?,
        offered: offered?,
    })
}

fn controller(section: &Section<'_>, languages: Option<&Languages>) -> Read<Controller> {
    let id = section.required("id", &value::of("\"my-company\""));
    let name = section.required("name", &TEXT);
    let brand = section.required("brand", &TEXT);
    let address = section.list("address", &TEXT);
    let country = section.localized("country", languages);
    let contact = section.required("contact", &ADDRESS);
    let website = section.optional("website", &URL);
    let legal_form = section.optional("legal_form", &TEXT);
    let capital = section.optional_section("capital", capital);
    let registry_number = section.optional("registry_number", &TEXT);
    let vat_number = section.optional("vat_number", &TEXT);
    let dpo = section.optional_section("dpo", |dpo| {
        let name = dpo.required("name", &TEXT);
        let contact = dpo.required("contact", &ADDRESS);
        Ok(Dpo {
            name: name?,
            contact: contact?,
        })
    });
    Ok(Controller {
        id: id?,
        name: name?,
        brand: brand?,
        address: address?,
        country: country?,
        contact: contact?,
        website: website?,
        legal_form: legal_form?,
        capital: capital?,
        registry_number: registry_number?,
        vat_number: vat_number?,
        dpo: dpo?,
    })
}

fn capital(section: &Section<'_>) -> Read<Capital> {
    let amount = section.required("amount", &AMOUNT);
    let currency = section.required("currency", &CURRENCY);
    Ok(Capital {
        amount: amount?,
        currency: currency?,
    })
}

fn hosting(section: &Section<'_>, languages: Option<&Languages>) -> Read<Hosting> {
    let name = section.required("name", &TEXT);
    let city = section.required("city", &TEXT);
    let country = section.localized("country", languages);
    let legal_form = section.optional("legal_form", &TEXT);
    let capital = section.optional_section("capital", capital);
    let registry_number = section.optional("registry_number", &TEXT);
    let activity_code = section.optional("activity_code", &TEXT);
    let vat_number = section.optional("vat_number", &TEXT);
    let seat = section.optional_list("seat", &TEXT);
    let phone = section.optional("phone", &TEXT);
    Ok(Hosting {
        name: name?,
        city: city?,
        country: country?,
        legal_form: legal_form?,
        capital: capital?,
        registry_number: registry_number?,
        activity_code: activity_code?,
        vat_number: vat_number?,
        seat: seat?,
        phone: phone?,
    })
}

fn topic(section: &Section<'_>, languages: Option<&Languages>) -> Read<Topic> {
    let id = section.required("id", &value::of("\"newsletter\""));
    let name = section.localized("name", languages);
    let description = section.localized("description", languages);
    let purpose = section.required("purpose", &value::of("\"product-news\""));
    let basis = section.required("basis", &BASIS);
    let default = section.required("default", &FLAG);
    Ok(Topic {
        id: id?,
        name: name?,
        description: description?,
        purpose: purpose?,
        basis: basis?,
        default: default?,
    })
}

fn subscription(section: &Section<'_>) -> Read<Subscription> {
    let cool_down = section.required("cool_down", &PERIOD);
    let letters_per_day = section.optional("letters_per_day", &COUNT);
    let letters_until_confirmed = section.optional("letters_until_confirmed", &COUNT);
    let rest = section.optional("rest", &PERIOD);
    let business_only = section.required("business_only", &FLAG);
    let refused_domains = section.optional_list("refused_domains", &DOMAIN);
    let reminder = section.optional("reminder", &PERIOD);
    Ok(Subscription {
        cool_down: cool_down?,
        letters_per_day: letters_per_day?.unwrap_or(3),
        letters_until_confirmed: letters_until_confirmed?.unwrap_or(5),
        rest: rest?,
        business_only: business_only?,
        refused_domains: refused_domains?,
        reminder: reminder?,
    })
}

fn retention(section: &Section<'_>) -> Read<Retention> {
    let pending = section.required("pending", &PERIOD);
    let erased = section.required("erased", &PERIOD);
    let unsubscribed = section.optional("unsubscribed", &PERIOD);
    let backups = section.optional("backups", &PERIOD);
    Ok(Retention {
        pending: pending?,
        erased: erased?,
        unsubscribed: unsubscribed?,
        backups: backups?,
    })
}

fn links(section: &Section<'_>) -> Read<Links> {
    let confirmation = section.required("confirmation", &PERIOD);
    let preferences = section.optional("preferences", &PERIOD);
    let sensitive = section.required("sensitive", &PERIOD);
    Ok(Links {
        confirmation: confirmation?,
        preferences: preferences?,
        sensitive: sensitive?,
    })
}

fn limits(section: &Section<'_>) -> Read<Limits> {
    let per_client = section.required("per_client", &LIMIT);
    let total = section.required("total", &LIMIT);
    let per_domain = section.optional("per_domain", &LIMIT);
    let large_domains = section.optional_list("large_domains", &DOMAIN);
    let per_large_domain = section.optional("per_large_domain", &LIMIT);
    let breaker = section.optional_section("breaker", breaker);
    Ok(Limits {
        per_client: per_client?,
        total: total?,
        per_domain: per_domain?.flatten(),
        large_domains: large_domains?,
        per_large_domain: per_large_domain?.flatten(),
        breaker: breaker?,
    })
}

fn breaker(section: &Section<'_>) -> Read<Breaker> {
    let window = section.required("window", &PERIOD);
    let settle = section.required("settle", &PERIOD);
    let least = section.required("least", &COUNT);
    let share = section.required("share", &PERCENT);
    let trickle = section.required("trickle", &RATE);
    Ok(Breaker {
        window: window?,
        settle: settle?,
        least: least?,
        share: share?,
        trickle: trickle?,
    })
}

fn mail(section: &Section<'_>) -> Read<Mail> {
    let from_name = section.required("from_name", &TEXT);
    let from = section.required("from", &SENDER);
    let reply_to = section.optional("reply_to", &SENDER);
    let list_id = section.required("list_id", &DOMAIN);
    let retry_for = section.required("retry_for", &PERIOD);
    let uncertain_after = section.required("uncertain_after", &PERIOD);
    let keep_settled = section.optional("keep_settled", &PERIOD);
    Ok(Mail {
        from_name: from_name?,
        from: from?,
        reply_to: reply_to?,
        list_id: list_id?,
        retry_for: retry_for?,
        uncertain_after: uncertain_after?,
        keep_settled: keep_settled?.unwrap_or(Period::THIRTY_DAYS),
    })
}
