### What the pages say.

## Every page

skip-to-content = Skip to the content
language-label = Language
notice-changed = The privacy notice changed on { $date }.
footer-privacy = Privacy notice
footer-legal = Legal notice
footer-choices = Change my choices
footer-contact = Contact
footer-mailbox = Local mailbox
footer-operator = { $brand } is published by { $name }, { $country }.
back-home = Back to the home page
mail-my-link = Mail me my link

## E-mail address

email-label = Your e-mail address
email-label-business = Your business e-mail address
address-example = name@example.org
address-empty = Enter your e-mail address.
address-too-long = This address is too long: an e-mail address has at most 254 characters.
address-control-character = This address contains a control character. Type it instead of pasting it.
address-invisible-character = This address contains an invisible character. Type it instead of pasting it.
address-space = Remove the space from the address.
address-quoted-local = Addresses in quotation marks are not accepted.
address-missing-at = An e-mail address contains an @, as in name@example.org.
address-several-ats = An e-mail address contains a single @. Enter one address only.
address-empty-local = Something is missing before the @, as in name@example.org.
address-local-too-long = The part before the @ is too long: it has at most 64 characters.
address-misplaced-dot = The part before the @ cannot begin or end with a dot, or have two in a row.
address-invalid-local = The part before the @ contains a character that is not allowed there.
address-empty-domain = Something is missing after the @, as in name@example.org.
address-ip-literal = The part after the @ must be a name, not the number of a machine.
address-no-domain-dot = The part after the @ is not complete, as in name@example.org.
address-invalid-domain = The part after the @ is not a valid domain name.
address-refused-domain = Please use your business address: we do not accept addresses of this provider.
address-malformed = This is not an e-mail address, as in name@example.org.

## Home and subscription

home-title = Keep up with { $brand }
home-hint = One field, nothing else. We mail you a link; your subscription begins when you confirm it.
home-honeypot = Leave this field empty
home-subscribe = Subscribe
home-information = What happens to your address
home-controller = Who is responsible
home-purpose = What it is used for
home-basis = Legal basis
home-retention = How long it is kept
home-retention-pending = Without your confirmation: { $pending } at most, then deleted.
home-retention-confirmed = As long as you are subscribed, unless you ask for its erasure.
home-retention-left = After you have left everything: { $unsubscribed }, then deleted.
home-retention-left-always = After you have left everything: until you ask for its erasure.
home-rights = Your rights
home-rights-text = Leave at any time, by a link in every mail. See, correct, take along or erase your data without an account.
home-more = Read the whole privacy notice
home-lost = Subscribed already?
home-lost-text = Every mail ends with a link to your choices. Lost it? We mail you a new one.

check-mailbox-title = Check your mailbox
thanks-text = A message is on its way to the address you gave. Your subscription begins only when you open it and confirm.
thanks-ignored = An address that is never confirmed is deleted after { $pending } at most.
thanks-missing = Nothing there? Look among the unwanted mail first. Then you may ask again: between two messages to one address we leave { $cool_down }.

wait-title = One moment more
wait-text = Please wait { $seconds } seconds, then press the button. Nothing else is asked of you.
wait-early = That was a little too soon. Please wait { $seconds } seconds, then press the button once more.
wait-why = The pause keeps programs from signing up thousands of other people's addresses. In a browser that runs our script, it is not needed.
effort-missing = Solve the challenge of /subscribe/challenge first, and send both as “challenge” and “solution”.

topics-unknown = One of the chosen topics does not exist.

## Legal bases and topics

basis-text = { $basis }, Article { $article } GDPR
basis-consent = Your consent
basis-contract = A contract with you
basis-legal-obligation = A legal obligation
basis-vital-interests = Vital interests
basis-public-task = A task in the public interest
basis-legitimate-interest = Our legitimate interest
topic-purpose = Purpose
topic-basis = Legal basis

## Confirmation

confirm-title = Confirm your subscription
confirm-text = { $name } would like to send you:
confirm-button = Yes, subscribe me
confirm-nothing = You did not ask for this? Close this page: without the button, nothing is subscribed. An address that is never confirmed is deleted after { $pending } at most.
confirm-leave = You can leave at any time, by a link in every mail.
confirm-address-title = Confirm your new address
confirm-address-text = From now on, { $name } will write to the address at which you received this link. The former address will not be kept.
confirm-address-button = Use this address
confirmed-title = Your subscription is confirmed
confirmed-text = From now on you receive:
confirmed-address-title = Your new address is confirmed
confirmed-address-text = We now write to this address. The former one is not kept: links that were mailed to it no longer show or change anything. All they can still do is unsubscribe.
confirmed-already-title = Already confirmed
confirmed-already-text = Your subscription was confirmed before. There is nothing more to do.
confirmed-choices = To change your choices or to leave, use the link at the bottom of any of our mails.

## Links that do nothing

link-unknown-title = This link does not work
link-unknown-text = It is not valid, or no longer valid. It may be incomplete, or lead to an address that is not, or no longer, on our lists. If you copied it, copy the whole of it.
link-unknown-erased = Did you ask for your data to be erased? Then there is nothing more to do.
link-expired-title = This link has expired
link-expired-confirm = A confirmation link works for { $period }.
link-expired-preferences = For your protection, the link to your choices works for { $period }.
link-expired-renew = Send me a new link
link-renewed-text = A message with a new link is on its way to the address at which you received this one. Open it to confirm.
link-superseded-title = This link is no longer valid
link-superseded-text = The subscription was left or the address changed since, or a newer link replaced this one. Use the link in our latest mail, or ask for another one.

## Preference centre

preferences-title = Your choices
preferences-for = For { $address }
preferences-topics = What you receive
preferences-awaits = Waits for your confirmation by mail
preferences-save = Save my choices
preferences-restricted = Processing of your data is restricted at your request.
preferences-leave-title = Leave everything
preferences-leave-text = You receive nothing more from us, as of now.
preferences-leave-deleted = If you do not come back, your data are permanently deleted after { $unsubscribed }.
preferences-leave-button = Unsubscribe from everything
preferences-left = You receive nothing from us. To come back, tick what you want and save: we mail you a link to confirm.
preferences-old-link = This link is from before your latest subscription or change of address: all it can still do is unsubscribe. For your choices and your data, use the link in our latest mail, or ask for another one.
preferences-data-title = Your data
preferences-export-title = A copy
preferences-export-text = Everything we hold about you, with the dates of your choices and how long we keep it, in a file that other programs can read (JSON).
preferences-export-button = Download my data
preferences-address-title = Another address
preferences-address-text = We mail a link to the new address. The change holds once it is confirmed there; the old address is not kept.
preferences-address-label = New e-mail address
preferences-address-button = Change my address
preferences-erase-title = Erasure
preferences-erase-text = Your data are hidden at once and you are taken off every list. They are permanently deleted after { $erased }. One mail answers your request, nothing more.
preferences-erase-button = Erase my data
preferences-fresh-text = To download, correct or erase your data, you need a link that is no older than { $period }: whoever finds an old mail of ours must not be able to do it in your place.
preferences-fresh-button = Mail me a fresh link
preferences-saved = Your choices are saved.
preferences-saved-left = Your choices are saved. You receive nothing more from us.
preferences-unsubscribed = You are unsubscribed from everything, as of now.
preferences-confirmation-mailed = We have mailed you a link: open it to confirm what you have added.
preferences-confirmation-until = Until then you do not receive it.
preferences-address-requested-title = Nearly done
preferences-address-requested = Open the link that we mail to the new address. Until then nothing changes.
preferences-address-told = We also tell the present address that a change was asked for.
preferences-nothing-chosen = Nothing was chosen, so nothing has changed. Tick what you want to receive and save, or leave everything.

fresh-title = We mail you a fresh link
fresh-text = What you asked for needs a link that is no older than { $period }. It is on its way to your address: open it and ask again.
fresh-missing = A message was sent a moment ago? Use its link: between two messages we leave { $cool_down }.

erased-title = Your data are hidden, as of now
erased-text = You are off every list, and no one here can look your data up any more.
erased-purge = On { $date } they are permanently deleted. You need to do nothing more.
erased-purge-earliest = They are permanently deleted as soon as nothing keeps them any more, on { $date } at the earliest.
erased-kept = Reason: { $name }. It is looked at again by { $date }; until then they serve no other end.
erased-answer = One mail confirms this to you. After it you receive nothing from us.

one-click-text = It is done: you receive nothing more from us at this address.

withdraw-title = This address was named to us
withdraw-text = Somebody asked us to use this address for their subscription.
withdraw-forgotten = You did not ask for that? Withdraw it: this address is then forgotten.
withdraw-button = Withdraw this address

## Lost link

lost-title = Find your choices again
lost-text = Enter the address at which you receive our mails. We send you a link with which you can change your choices, leave, or see and erase your data.
lost-sent-text = If we hold this address, a message with a link to your choices is on its way.
lost-sent-missing = Nothing there? Look among the unwanted mail first. Between two messages to one address we leave { $cool_down }.

## Earlier versions of the notice

privacy-earlier = This is another version than the one in force.
privacy-current = Read the version in force

## Local mailbox

mailbox-title = Local mailbox
mailbox-text = No mail relay is set: messages stay here, and only this machine can read them.
mailbox-empty = No message yet.
mailbox-date = Date
mailbox-to = To
mailbox-html = Open the HTML part
mailbox-back = All messages

## Errors

error-400-title = We could not read this request
error-400-text = It is malformed, or a field appears more often than it may.
error-404-title = This page does not exist
error-404-text = The address may be mistyped, or the page is gone.
error-405-title = This page cannot be used that way
error-405-text = Go back to the home page and start from there.
error-408-title = That took too long
error-408-text = Your request did not arrive in time. Please try again.
error-413-title = This request is too large
error-413-text = It is larger than anything our forms can send.
error-415-title = This format is not supported
error-415-text = Send a form (application/x-www-form-urlencoded or multipart/form-data) or, where it is offered, JSON.
error-422-title = Something in your request is not right
error-422-text = Nothing was recorded.
error-429-title = Too many requests
error-429-text = Please wait a moment and try again. Nothing was recorded.
error-500-title = Something went wrong on our side
error-500-text = We could not do what you asked for. Please try again later.
error-503-title = We are not available just now
error-503-text = Please try again in a moment.
