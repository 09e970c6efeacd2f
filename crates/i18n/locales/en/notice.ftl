### What the privacy notice and the legal page say beside the policy. No period is written here.

notice-title = Privacy notice
notice-legal-title = Legal notice
notice-contents = Contents
notice-informational = For information: this text describes, and no rule of our software depends on it.
notice-reference = section { $number }, “{ $title }”
notice-quoted = “{ $title }”
notice-and = { $first } and { $last }
notice-colon = :
notice-capital = with a capital of { $amount }

## Sections

notice-section-summary = In short
notice-section-controller = Who is responsible
notice-section-data = Which data we use
notice-section-purposes = What for, and why that is lawful
notice-section-recipients = Who receives them
notice-section-places = Where they lie
notice-section-periods = How long we keep them
notice-section-rights = Your rights, and how to use them
notice-section-cookies = Cookies
notice-section-complaint = Where to complain
notice-section-security = How we protect them
notice-section-processing = Annex: data that we process for others
notice-section-versions = Versions of this notice

## Columns of tables

notice-column-purpose = Purpose
notice-column-why = Why that is lawful
notice-column-whose = Which data
notice-column-datum = Data
notice-column-source = Where from
notice-column-category = Category
notice-column-used-for = Used for
notice-column-required = Required
notice-column-topic = Subscription
notice-column-content = What you receive
notice-column-basis = Legal basis
notice-column-recipient = Recipient
notice-column-kind = What it is to us
notice-column-reason = Why it receives data
notice-column-country = Country
notice-column-safeguard = Safeguard
notice-column-data = Data
notice-column-state = State
notice-column-action = What happens
notice-column-after = After
notice-column-clock = Counted from
notice-column-reason-of-rule = Why
notice-column-at-least = At least
notice-column-kind-of-reason = What for
notice-column-law = On what ground
notice-column-right = Right
notice-column-meaning = What it means
notice-column-concerns = What it concerns
notice-column-cookie = Name and domain
notice-column-set-by = Set by
notice-column-lasts = Lasts
notice-column-people = People
notice-column-version = Version
notice-column-since = In force since
notice-column-why-changed = Why it was changed
notice-column-changes = What changed

## Above the sections

notice-lead = This notice says which personal data { $name }, publisher of { $brand }, uses, what for, for how long, and what you can ask for. It is printed from the very rules that our software executes.
notice-version = Version
notice-since = In force since
notice-scope = It applies to
notice-audience = It is written for
notice-laws = Laws it refers to

## In short

notice-summary = This is what we use personal data for.
notice-summary-caption = What we use data for
notice-summary-more = How long we keep each of them stands in { $periods }. What you can ask for, and how, stands in { $rights }.

## Who is responsible

notice-controller = { $name } publishes { $brand } and decides why and how your data are used: it is the controller (Article 4(7) GDPR).
notice-company = Company
notice-brand = Product
notice-contact = Contact
notice-phone = Telephone
notice-fax = Fax
notice-hours = Telephone hours
notice-website = Website
notice-registry = Register number
notice-vat = VAT number
notice-activity = Activity code
notice-seat = Registered office
notice-dpo = Data protection officer
notice-contact-privacy = For requests about your rights
notice-contact-questions = For questions about this notice
notice-contact-processors = For the list of our processors
notice-contact-controllers = For the controllers that we work for

## Which data

notice-data = We collect what is listed here and nothing else.
notice-people = Whose data: { $people }.
notice-data-caption = { $data }: what we hold
notice-not-enabled = This is announced only: nothing is collected yet.
notice-as-processor = We process these data for somebody else, on their instructions (Article 28 GDPR).
notice-anonymised-at-collection = They are anonymised before anything else is done with them.
notice-on-paper = They are kept on paper.
notice-subscribers-hold = With the address we keep what concerns the subscription: its language, the topics, their state, and when each was asked for, confirmed, changed or left.
notice-data-not = For a subscription we store no network address and no browser name. Our mails contain no tracking: no hidden picture, no rewritten link.
notice-required = Yes
notice-at-write = Reduced before it is stored: { $method }.
notice-special = Special category of data: { $ground } (Article 9 GDPR).
notice-special-explicit-consent = with your explicit consent
notice-special-employment = employment and social law requires it
notice-special-vital-interests = to protect vital interests
notice-special-made-public = you made them public yourself
notice-special-legal-claims = for legal claims
notice-special-public-interest = for reasons of substantial public interest
notice-special-health-care = for health care
notice-third-party = May concern other people: looked at before a copy is handed out.
notice-trade-secret = A trade secret: not part of what you can take elsewhere.
notice-open-ended = Named for completeness: not stored.
notice-seen-by = Seen by: { $teams }.
notice-source-provided = You give it to us
notice-source-registration = You give it when you register
notice-source-use = It arises when you use the service
notice-source-communication = You write it to us
notice-source-automatic = Collected automatically
notice-source-third-party = Somebody else gives it to us
notice-source-derived = We conclude it from other data

## What for

notice-purposes = We use data for these purposes and for no other. Before we use them for a new one, we tell you.
notice-basis = Legal basis
notice-law-that-requires = Law that requires it
notice-interest = Our interest
notice-interest-of-others = Interest of a third party
notice-balancing = How we weighed it against yours
notice-whose-data = Data used
notice-given-to = Passed on to
notice-withdrawal = How to withdraw your consent
notice-withdrawal-online = Online, by the link in our mails
notice-withdrawal-email = By e-mail to our contact address
notice-withdrawal-post = By letter
notice-consequence = If you do not give them
notice-decisions = Automated decisions
notice-automated-decisions = Decisions are made by machines alone (Article 22 GDPR).
notice-no-automated-decisions = No decision about you is made by a machine alone (Article 22 GDPR).
notice-topics = What you can subscribe to
notice-topics-caption = Subscriptions, each of which you can leave on its own
notice-confirmation = An address counts only when its owner has confirmed it, by a link that we mail to it and that works for { $validity }. Until then it receives the mails needed for that, and no news.
notice-reminder = We send one reminder, { $reminder } after the address was first entered, and no second one.
notice-again = Whoever has left and subscribes again does so on this basis: { $basis }.
notice-bases = The legal bases in plain words
notice-basis-consent = You agreed, freely and for this purpose. You can withdraw at any time, as easily as you agreed; what was done before stays lawful.
notice-basis-contract = We need the data to carry out a contract with you, or to prepare one at your request.
notice-basis-legal-obligation = A law obliges us to it, whether we want it or not.
notice-basis-vital-interests = The data protect somebody’s life.
notice-basis-public-task = It is part of a task in the public interest. You can object, for reasons of your own situation.
notice-basis-legitimate-interest = We have an interest in it, and have weighed it against what it means for you. You can object at any time; to advertising without giving a reason.

## Who receives data

notice-recipients = These receive personal data, each for the reason given.
notice-recipients-caption = Recipients of data
notice-reason-itself = It is the controller.
notice-kind-itself = Ourselves
notice-kind-processor = Processor: acts on our instructions
notice-kind-subsidiary = Company of our group
notice-kind-partner = Partner
notice-kind-own-account = Receives data for its own account
notice-kind-authority = Authority
notice-proposed = Announced; receives nothing yet.
notice-both-ways = Data go both ways.
notice-inwards = It gives data to us.
notice-express-consent = Only if you agree expressly.
notice-anonymised-only = Receives anonymised data only.
notice-contract = Bound by:
notice-guarantee = Guarantees:
notice-in-the-eea = European Economic Area
notice-nobody-else = Nobody else receives personal data, unless a law obliges us to hand them over. Mails reach you through the mail servers on their way. We sell no data.
notice-teams = Who sees them among our own staff

## Where they lie

notice-region = Our servers are { $region }.
notice-region-EU = in the European Union
notice-region-EEA = in the European Economic Area
notice-region-Europe = in Europe
notice-hosting = Hosting
notice-host = Host
notice-host-partner = Further host
notice-hosted-itself = { $name } hosts its data itself.
notice-place = Place of the data
notice-lies-with = { $data }: with { $hosts }.
notice-transfers = Outside the European Economic Area
notice-no-transfer = We transfer no personal data outside the European Economic Area.
notice-transfers-text = Data go outside the European Economic Area only where they are protected there as they are here.
notice-transfers-caption = Transfers and their safeguards
notice-mechanism-adequacy = The European Commission decided that the country protects data well enough (Article 45 GDPR)
notice-mechanism-scc = Standard contractual clauses of the European Commission (Article 46(2)(c) GDPR)
notice-mechanism-bcr = Binding corporate rules (Article 47 GDPR)
notice-mechanism-other = Another recognised safeguard (Article 46 GDPR)
notice-mechanism-art-49 = A derogation for a specific situation (Article 49 GDPR)
notice-in-place-since = In place since { $day }

## How long

notice-periods = Each row is a rule that our software executes by itself, every day from { $time } on ({ $zone }), for all data whose period is over then. Months and years are those of the calendar.
notice-periods-caption = What happens to data, and when
notice-only-fields = Only: { $fields }
notice-for-purpose = As used for: { $purpose }
notice-on-event = At once, when this happens
notice-at-once = At once
notice-reviewed-by = Looked at again by { $day }
notice-action-hide = Hidden
notice-action-restrict = Kept, and not used any more
notice-action-archive = Moved to a separate, sealed archive
notice-action-anonymise = Anonymised
notice-action-pseudonymise = Pseudonymised: it can still be joined with other data
notice-action-purge = Permanently deleted
notice-action-review = Somebody decides
notice-archived-purge = Permanently deleted from the archive
notice-archived-review = Somebody decides about the archive
notice-method = { $field }: { $method }
notice-method-drop = removed
notice-method-constant = replaced by “{ $text }”
notice-method-month-and-day = day and month remain, without the year
notice-method-year = the year remains
notice-method-month = the month remains
notice-method-quarter = the quarter remains
notice-method-bucket = rounded down to a multiple of { $size }
notice-method-network-prefix = the network remains, without the machine
notice-method-initials = the first letters remain
notice-method-domain = what stands behind the @ remains
notice-method-country = the country remains
notice-method-random-token = replaced by a random text, another one each time
notice-state-pending = Address not confirmed
notice-state-confirmed = Subscribed
notice-state-unsubscribed = Has left everything
notice-state-erased = Has asked for erasure
notice-state-open = Open
notice-state-closed = Closed
notice-state-abandoned = Left unfinished
notice-state-suspicious = Suspicious
notice-state-qualified = Qualified
notice-state-accepted = Accepted
notice-state-refused = Refused
notice-clock-first-submission = The day the address was first entered; entering it again does not start anew
notice-clock-last-interaction = The last interaction
notice-clock-last-departure = The last time anything was left
notice-clock-erasure-request = The request for erasure; the data are hidden at once
notice-clock-recorded = The recording
notice-clock-subject-purged = The deletion of the person’s data
notice-clock-received = The receipt of the request
notice-clock-closed = The end of the request
notice-clock-last-activity = The last message
notice-clock-qualified = The qualification
notice-clock-given = The first choice
notice-rule-shortest = Where several rules name the same data, the shortest period counts.
notice-rule-minimum = Where data must stay for some time, the longest such time counts, and counts more than any rule.
notice-rule-confirmed = While you are subscribed, your subscription is kept until you leave or ask for erasure.
notice-rule-unsubscribed = After you have left everything, the record that you left is kept until you ask for erasure, so that it is respected.
notice-rule-erasure = If you ask for the erasure of your subscription, it is hidden at once and deleted by the rule above, whatever other rules say.
notice-rule-restriction = While processing is restricted at your request (Article 18 GDPR), nothing of yours is deleted unless you ask for erasure.
notice-rule-never-back = If we make a period longer, data collected before keep the shorter one.
notice-rule-reaches-back = If we make a period longer, the longer one counts for data collected before, too.
notice-timeline = The same as a picture
notice-timeline-text = Each bar is a rule of the table above. Each longer period is one step longer: the picture shows the order, not the proportion. Green bars end with the data gone or anonymous, grey ones with the data still there.
notice-timeline-title = How long data live
notice-timeline-description = One bar for each rule of the table “What happens to data, and when”, which says the same in words.
notice-timeline-label = { $subject }: { $action }
notice-minima = What must stay for some time
notice-minima-caption = Minimum periods
notice-minimum-law = A law requires it
notice-minimum-proof = Proof of a right or a contract
notice-minimum-claims = Legal claims
notice-clocks = From when periods count
notice-clock-of = { $data }, { $clock }
notice-moved-to = Counted from { $end }.
notice-end-of-day = the end of that day
notice-end-of-month = the end of that month
notice-end-of-quarter = the end of that quarter
notice-end-of-year = the end of that year
notice-end-of-financial-year = the end of that financial year
notice-catch-all = Anything that no rule names
notice-catch-all-after = Kept for { $period }, then deleted.
notice-catch-all-review = Looked at by { $day }.
notice-holds = What can stop a rule
notice-holds-text = In these cases a rule may have to wait. Each case is noted with its reason and looked at again in time.
notice-hold = { $hold }: looked at again within { $review }
notice-copies = Copies
notice-backups = Backups of the database are kept for { $period }. What was deleted meanwhile is deleted again when one is restored.
notice-backups-always = Backups of the database are kept without a set end. What was deleted meanwhile is deleted again when one is restored, and personal data in them are sealed.
notice-letters = A mail that we no longer owe anybody leaves our outbox after { $period }.
notice-evidence = The evidence of what you agreed to and objected to is kept with your data and deleted with them.

## Rights

notice-rights-caption = Your rights, and what they concern
notice-all-data = All your data
notice-came-back = Subscriptions that you left and took up again
notice-nothing-now = Nothing, at present
notice-right-access = Access (Article 15 GDPR)
notice-right-rectify = Rectification (Article 16 GDPR)
notice-right-erase = Erasure (Article 17 GDPR)
notice-right-restrict = Restriction (Article 18 GDPR)
notice-right-port = Portability (Article 20 GDPR)
notice-right-object = Objection (Article 21 GDPR)
notice-right-automated-decision = No decision by machines alone (Article 22 GDPR)
notice-right-withdraw-consent = Withdrawal of consent (Article 7(3) GDPR)
notice-right-post-mortem = Directives for after death (French act of 6 January 1978, Article 85)
notice-right-processor-list = List of processors
notice-meaning-access = Know whether we hold data about you, get a copy of them, and learn what we use them for, which they are, who received them, how long they stay, where they come from and what protects them elsewhere.
notice-meaning-rectify = Have what is wrong corrected and what is incomplete completed.
notice-meaning-erase = Have your data deleted, on one of the grounds below, unless a law or legal claims require that they stay.
notice-meaning-restrict = Have your data left alone while their accuracy or your objection is examined, or instead of their deletion.
notice-meaning-port = Receive what you gave us in a common, machine-readable form, or have it sent to somebody else where that is feasible. This is without what we concluded ourselves, and without harm to others.
notice-meaning-object = Object at any time, for reasons of your own situation; to advertising without a reason, and then it ends. Otherwise we go on only for compelling grounds or legal claims.
notice-meaning-automated-decision = Not be subject to a decision made by a machine alone that affects you significantly.
notice-meaning-withdraw-consent = Take back what you agreed to, at any time. What was done before stays lawful.
notice-meaning-post-mortem = Say what should become of your data after your death. You may register this with a certified third party.
notice-meaning-processor-list = Be told who processes data for us.
notice-grounds = Grounds for erasure
notice-ground-not-needed = The data are no longer needed for what they were collected for.
notice-ground-consent-withdrawn = You withdrew your consent, and no other basis is left.
notice-ground-objection = You objected, and no compelling ground outweighs it.
notice-ground-unlawful = The data were used unlawfully.
notice-ground-legal-duty = A law requires their deletion.
notice-ground-child = They were collected from a child for an online service.
notice-how = How to use them
notice-self-service = For your subscriptions you need no account and no reason: by the link at the bottom of every mail you leave one topic or everything at once, see and download your data, change your address, or erase them. Lost the link?
notice-link-works = The link to your choices works for { $period }.
notice-link-works-always = The link to your choices works for as long as we hold your address.
notice-link-sensitive = For downloading, erasing and changing your address the link must not be older than { $period }: otherwise we mail you a fresh one.
notice-link-one-click = The unsubscribe button of your mail program works for as long as we hold your address.
notice-write-to = For everything else, write to
notice-channel-online = Online
notice-channel-email = By e-mail
notice-channel-post = By letter
notice-online-page = Ask for a link to your data
notice-channel-rights = For: { $rights }.
notice-must-state = Please state: { $required }.
notice-identity-document = deleted once your identity is proved
notice-answers = When and how we answer
notice-answers-by-law = We answer without undue delay, within the time that Article 12(3) GDPR sets, and free of charge.
notice-answer = We answer without undue delay, and within { $answer } of receiving your request.
notice-extension = If your request is complex, we may take up to { $extension } more, once. We then tell you why, within the first { $answer }.
notice-pause = While it is doubtful who is asking, we ask for more information, and the time rests.
notice-free = Using your rights costs nothing.
notice-copy-fee = A further copy costs { $fee } at most.
notice-fee-when-excessive = A request that is clearly unfounded or excessive may cost a reasonable fee, which we name before.
notice-refusal = If we cannot do what you ask, we tell you why, and where you can complain.
notice-child = For a child below the age of { $age }, whoever has parental responsibility asks.
notice-forwarded = A request about data that we process for somebody else is forwarded at once; or write to
notice-complaint = You may complain to a supervisory authority at any time, in particular where you live, where you work or where you think the law was broken (Article 77 GDPR). This leaves every other remedy open to you.
notice-authority = Authority
notice-complaint-form = Complaint form

## Cookies

notice-no-cookies = These pages set no cookie and load nothing from other sites.
notice-cookies = A cookie, here, is anything stored or read on your device. What is not strictly necessary is set only after you have agreed to it, purpose by purpose.
notice-consent-validity = Your consent is valid for { $period } from the first choice. Then we ask again.
notice-refusal-validity = We remember a refusal for { $period }.
notice-refusal-validity-same = We remember a refusal for as long as a consent.
notice-cookies-end = When your consent ends, what was set on it is removed, even if it could last longer.
notice-cookie-categories = Categories
notice-cookie-exempt = Strictly necessary: needs no consent.
notice-cookie-basis = Legal basis: { $basis }.
notice-cookie-advertising = Serves advertising.
notice-cookie-purposes = Used for: { $purposes }.
notice-cookie-register = Register
notice-cookie-caption = Every cookie that may be set
notice-cookie-links = Settings and further choices
notice-session = Until the browser is closed
notice-tracker-local-storage = Local or session storage
notice-tracker-pixel = Pixel
notice-tracker-fingerprint = Fingerprint
notice-party-provider = A provider of ours
notice-party-partner = A partner
notice-party-third = Somebody else

## Annex

notice-operations = What is done with the data
notice-annex-purpose = Purpose
notice-duration = Duration
notice-kept-in = As far as possible, the data stay
notice-subjects-caption = Whose data are processed, and which
notice-agreed = What is agreed
notice-objection = A further processor is announced in writing; the controller may object within { $period } of receiving the announcement, and the processor is engaged only without objection.
notice-breach = A breach is notified to the controller within { $period } of becoming known.
notice-breach-at-once = A breach is notified to the controller without undue delay.
notice-audits = { $audits ->
    [one] The controller may audit once a year.
   *[other] The controller may audit { $audits } times a year.
}
notice-audit-notice = An audit is announced at least { $period } before.
notice-audit-hours = It takes place in business hours, { $hours }.
notice-audit-cost = The controller bears the cost of an audit.
notice-end-destroy = At the end of the contract, the controller may have all data destroyed.
notice-end-return = At the end of the contract, the controller may have all data returned; no copy is kept.
notice-end-hand-over = At the end of the contract, the controller may have all data handed to another processor; no copy is kept.
notice-certificate = A certificate of destruction is issued on request.
notice-duties = Duties of: { $debtor }; towards: { $beneficiary }

## Versions

notice-versions = The version in force is always at this address. Each consent is recorded with the version that was shown.
notice-review-every = This notice is looked at again every { $period } at least.
notice-review = It is looked at again by { $day }.
notice-announced-banner = This version is announced on this site.
notice-announced-mail = This version is announced by e-mail to everybody concerned.
notice-versions-caption = Versions, the newest first
notice-machine = The same for machines (JSON)
notice-change-first = First version
notice-change-law = The law changed
notice-change-service = The service changed
notice-change-correction = A mistake was corrected

## Legal page

notice-publisher = Publisher of this site
notice-law = Law
notice-applicable-law = Applicable law
notice-jurisdiction = Competent courts
notice-credits = Made by
notice-links = Links to other sites
notice-links-text = Links may lead to sites that { $name } does not control. What they do with your data, their own notices say.
notice-documents = Other documents
notice-personal-data = Personal data
notice-read = Read the privacy notice
