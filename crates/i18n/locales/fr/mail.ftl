### Ce que disent les messages. Tout est imprimé tel quel : aucun balisage.

## Confirmation (S0-26)

mail-confirmation-subject = Confirmez votre inscription à { $brand }
mail-confirmation-heading = Confirmez votre inscription
mail-confirmation-intro = Cette adresse nous a été donnée pour une inscription. Si vous êtes d’accord, merci de confirmer que vous souhaitez recevoir :
mail-confirmation-button = Confirmer mon inscription
mail-confirmation-ignored = Si vous n’avez rien demandé, vous n’avez rien à faire : sans cette confirmation, aucune inscription n’a lieu.

## Le seul rappel (S0-31)

mail-reminder-subject = Rappel : confirmez votre inscription à { $brand }
mail-reminder-heading = Votre inscription n’est pas encore confirmée
mail-reminder-intro = Cette adresse nous a été donnée pour une inscription et la confirmation manque encore. Si vous souhaitez recevoir ce qui suit, merci de confirmer :
mail-reminder-only = C’est le seul rappel que nous envoyons. Sans confirmation de votre part, l’inscription n’aura pas lieu.

## Les deux

mail-pending-with-reminder = Une adresse jamais confirmée reçoit au plus un rappel et est supprimée { $period } après sa première saisie.
mail-pending = Une adresse jamais confirmée est supprimée { $period } après sa première saisie.

## Réponse à l’inscription d’une personne déjà inscrite

mail-subscribed-subject = Cette adresse est déjà inscrite à { $brand }
mail-subscribed-heading = Cette adresse est déjà inscrite
mail-subscribed-intro = Cette adresse a été saisie dans notre formulaire d’inscription. L’inscription existait déjà : rien n’a changé.
mail-subscribed-topics = Vous recevez :
mail-subscribed-ignored = Si ce n’est pas vous qui avez rempli le formulaire, vous n’avez rien à faire.

## Nouveau lien vers le centre de préférences

mail-link-subject = Votre lien vers vos préférences chez { $brand }
mail-link-heading = Votre lien personnel
mail-link-intro = Voici le lien que vous avez demandé. Il ouvre la page où vous choisissez ce que vous recevez, vous désinscrivez, téléchargez une copie de vos données ou les faites effacer.
mail-link-sensitive = Pour le téléchargement et l’effacement, le lien est valable { $period }. Ensuite, demandez-en un nouveau sur la même page.
mail-link-caution = Toute personne qui détient ce lien peut s’en servir : merci de ne pas transférer cet e-mail.
mail-link-ignored = Si vous ne l’avez pas demandé, vous n’avez rien à faire : rien n’a changé.

## À une nouvelle adresse : confirmer le changement (S0-39)

mail-address-subject = Confirmez votre nouvelle adresse e-mail pour { $brand }
mail-address-heading = Confirmez votre nouvelle adresse
mail-address-intro = On nous a demandé d’écrire désormais à cette adresse, à la place de celle que nous utilisions jusqu’ici.
mail-address-button = Confirmer cette adresse
mail-address-ignored = Si ce n’était pas vous, vous n’avez rien à faire : sans cette confirmation, rien ne change.

## À l’adresse en usage : un changement est demandé (S0-39)

mail-change-subject = Une nouvelle adresse e-mail a été demandée chez { $brand }
mail-change-heading = Un changement d’adresse a été demandé
mail-change-intro = On nous a demandé d’écrire à une autre adresse à la place de celle-ci. Rien ne change tant que la demande n’est pas confirmée depuis la nouvelle boîte aux lettres. Dès lors, cette adresse-ci ne sera plus conservée.
mail-change-ignored = Si ce n’était pas vous, écrivez à { $contact }.

## Réponse à une demande d’effacement (S0-62)

mail-erasure-subject = Vos données chez { $brand } sont en cours d’effacement
mail-erasure-heading = Vos données sont en cours d’effacement
mail-erasure-asked = Le { $date }, on nous a demandé d’effacer les données que nous détenons avec cette adresse. Depuis cet instant, elles sont masquées pour tous et toutes vos inscriptions sont terminées.
mail-erasure-purge = Le { $date }, elles seront supprimées définitivement, y compris cette adresse.
mail-erasure-purge-earliest = Elles seront supprimées définitivement, y compris cette adresse, dès que plus rien n’oblige à les garder, au plus tôt le { $date }.
mail-erasure-kept = Motif : { $name }. Il est réexaminé au plus tard le { $date } ; d’ici là, elles ne servent à rien d’autre.
mail-erasure-last = Cet e-mail est la réponse à la demande. Il n’y en aura pas d’autre.

## La politique de confidentialité a changé (S4-08)

mail-notice-subject = La politique de confidentialité de { $brand } a changé
mail-notice-heading = Notre politique de confidentialité a changé
mail-notice-intro = { $brand } a publié une nouvelle version de sa politique de confidentialité, { $version }. Elle s’applique à partir du { $date }.
mail-notice-changes = Ce qui change :
mail-notice-kept = Ce que nous conservons déjà à votre sujet n’est pas gardé plus longtemps que promis au moment où vous nous l’avez confié.
mail-notice-button = Lire la politique de confidentialité
mail-notice-choices = Vous n’avez rien à faire. En cas de désaccord, le lien ci-dessous ouvre vos préférences : vous pouvez y vous désinscrire ou faire effacer vos données.

## Éléments de plusieurs messages

mail-topic-purpose = Finalité : { $purpose }
mail-link-until = Le lien est valable jusqu’au { $date }.
mail-preferences-button = Ouvrir mes préférences

## Le bas de chaque message (S0-05, S0-43)

mail-reason-form = Vous recevez cet e-mail parce que cette adresse a été donnée à { $brand } pour une inscription.
mail-reason-link = Vous recevez cet e-mail parce qu’un lien vers vos préférences a été demandé chez { $brand }.
mail-reason-address = Vous recevez cet e-mail parce qu’un changement d’adresse e-mail a été demandé chez { $brand }.
mail-reason-erasure = Vous recevez cet e-mail parce que l’effacement de vos données a été demandé chez { $brand }.
mail-reason-notice = Vous recevez cet e-mail, même après une désinscription, parce que { $brand } conserve cette adresse et doit vous informer d’un tel changement.
mail-controller = { $brand } est un service de { $controller }, responsable du traitement de vos données.
mail-controller-brand = { $controller } est responsable du traitement de vos données.
mail-contact = Contact : { $contact }
mail-footer-preferences = Se désinscrire ou modifier ses préférences
mail-footer-notice = Politique de confidentialité
