### What the letters say. Everything here is printed as it stands: no markup.

## Confirmation (S0-26)

mail-confirmation-subject = Please confirm your subscription to { $brand }
mail-confirmation-heading = Please confirm your subscription
mail-confirmation-intro = This address was given to us for a subscription. If you agree, please confirm that you would like to receive:
mail-confirmation-button = Confirm my subscription
mail-confirmation-ignored = If you did not ask for it, there is nothing to do: without this confirmation, nobody is subscribed.

## The one reminder (S0-31)

mail-reminder-subject = Reminder: please confirm your subscription to { $brand }
mail-reminder-heading = Your subscription is not confirmed yet
mail-reminder-intro = This address was given to us for a subscription, and the confirmation is still missing. If you would like to receive the following, please confirm:
mail-reminder-only = This is the only reminder we send. If you do not confirm, you will not be subscribed.

## Both of them

mail-pending-with-reminder = An address that is never confirmed gets one reminder at most and is deleted { $period } after it was first entered.
mail-pending = An address that is never confirmed is deleted { $period } after it was first entered.

## Answer to a sign-up by somebody who is subscribed

mail-subscribed-subject = You are already subscribed to { $brand }
mail-subscribed-heading = You are already subscribed
mail-subscribed-intro = This address was entered on our sign-up form. It is subscribed already, so nothing has changed.
mail-subscribed-topics = You receive:
mail-subscribed-ignored = If it was not you who filled in the form, there is nothing to do.

## Fresh link to the preference centre

mail-link-subject = Your link to your preferences at { $brand }
mail-link-heading = Your personal link
mail-link-intro = Here is the link you asked for. It opens the page where you choose what you receive, unsubscribe, download a copy of your data or have it erased.
mail-link-sensitive = For downloading and erasing, the link is good for { $period }. After that, ask for a new one on the same page.
mail-link-caution = Anybody who has the link can use it, so please do not forward this e-mail.
mail-link-ignored = If you did not ask for it, there is nothing to do: nothing has changed.

## To a new address: confirm the change (S0-39)

mail-address-subject = Please confirm your new e-mail address for { $brand }
mail-address-heading = Please confirm your new address
mail-address-intro = We were asked to write to this address from now on, in place of the one we have used so far.
mail-address-button = Confirm this address
mail-address-ignored = If it was not you, there is nothing to do: without this confirmation, nothing changes.

## To the address in use: a change was asked for (S0-39)

mail-change-subject = A new e-mail address was requested at { $brand }
mail-change-heading = A change of address was requested
mail-change-intro = We were asked to write to another address in place of this one. Nothing changes until the change is confirmed from the new mailbox. From then on, this address is no longer kept.
mail-change-ignored = If it was not you, please write to { $contact }.

## Answer to a request for erasure (S0-62)

mail-erasure-subject = Your data at { $brand } is being erased
mail-erasure-heading = Your data is being erased
mail-erasure-asked = On { $date }, we were asked to erase the data that we hold with this address. It has been hidden from everyone since that moment, and you are unsubscribed from everything.
mail-erasure-purge = On { $date }, it will be deleted for good, this address included.
mail-erasure-purge-earliest = It will be deleted for good, this address included, as soon as nothing keeps it any more, on { $date } at the earliest.
mail-erasure-kept = Reason: { $name }. It is looked at again by { $date }; until then your data serves no other end.
mail-erasure-last = This e-mail is the answer to the request. No other will follow.

## The notice has changed (S4-08)

mail-notice-subject = The privacy notice of { $brand } has changed
mail-notice-heading = Our privacy notice has changed
mail-notice-intro = { $brand } has published a new version of its privacy notice, { $version }. It applies from { $date }.
mail-notice-changes = What is different:
mail-notice-kept = What we already hold about you is not kept for longer than we promised when you gave it to us.
mail-notice-button = Read the privacy notice
mail-notice-choices = There is nothing you have to do. If you do not agree, the link below opens your preferences: there you can unsubscribe or have your data erased.

## Parts of several letters

mail-topic-purpose = Purpose: { $purpose }
mail-link-until = The link works until { $date }.
mail-preferences-button = Open my preferences

## The bottom of every letter (S0-05, S0-43)

mail-reason-form = You receive this e-mail because { $brand } was given this address for a subscription.
mail-reason-link = You receive this e-mail because a link to your preferences at { $brand } was requested.
mail-reason-address = You receive this e-mail because a change of e-mail address was requested at { $brand }.
mail-reason-erasure = You receive this e-mail because the erasure of your data was requested at { $brand }.
mail-reason-notice = You receive this e-mail, even if you have unsubscribed, because { $brand } holds this address and has to tell you of such a change.
mail-controller = { $brand } is a service of { $controller }, which is responsible for your data.
mail-controller-brand = { $controller } is responsible for your data.
mail-contact = Contact: { $contact }
mail-footer-preferences = Unsubscribe or change your preferences
mail-footer-notice = Privacy notice
