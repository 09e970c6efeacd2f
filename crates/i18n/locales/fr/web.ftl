### Ce que disent les pages.

## Toutes les pages

skip-to-content = Aller au contenu
language-label = Langue
notice-changed = La politique de confidentialité a changé le { $date }.
footer-privacy = Politique de confidentialité
footer-legal = Mentions légales
footer-choices = Modifier mes choix
footer-contact = Contact
footer-mailbox = Boîte locale
footer-operator = { $brand } est édité par { $name }, { $country }.
back-home = Retour à l’accueil
mail-my-link = M’envoyer mon lien

## Adresse électronique

email-label = Votre adresse e-mail
email-label-business = Votre adresse e-mail professionnelle
address-example = nom@example.org
address-empty = Indiquez votre adresse e-mail.
address-too-long = Cette adresse est trop longue : une adresse e-mail compte 254 caractères au plus.
address-control-character = Cette adresse contient un caractère de contrôle. Saisissez-la au lieu de la coller.
address-invisible-character = Cette adresse contient un caractère invisible. Saisissez-la au lieu de la coller.
address-space = Supprimez l’espace qui se trouve dans l’adresse.
address-quoted-local = Les adresses entre guillemets ne sont pas acceptées.
address-missing-at = Une adresse e-mail contient un @, comme dans nom@example.org.
address-several-ats = Une adresse e-mail ne contient qu’un seul @. Indiquez une seule adresse.
address-empty-local = Il manque quelque chose avant le @, comme dans nom@example.org.
address-local-too-long = La partie qui précède le @ est trop longue : elle compte 64 caractères au plus.
address-misplaced-dot = La partie qui précède le @ ne peut ni commencer ni finir par un point, ni en compter deux de suite.
address-invalid-local = La partie qui précède le @ contient un caractère qui n’y est pas admis.
address-empty-domain = Il manque quelque chose après le @, comme dans nom@example.org.
address-ip-literal = La partie qui suit le @ doit être un nom, et non le numéro d’une machine.
address-no-domain-dot = La partie qui suit le @ est incomplète ; elle s’écrit comme dans nom@example.org.
address-invalid-domain = La partie qui suit le @ n’est pas un nom de domaine valable.
address-refused-domain = Merci d’indiquer votre adresse professionnelle : nous n’acceptons pas les adresses de ce fournisseur.
address-malformed = Ceci n’est pas une adresse e-mail, comme nom@example.org.

## Accueil et inscription

home-title = Suivez l’actualité de { $brand }
home-hint = Un seul champ, rien d’autre. Nous vous envoyons un lien ; votre inscription commence lorsque vous la confirmez.
home-honeypot = Laissez ce champ vide
home-subscribe = S’inscrire
home-information = Ce que devient votre adresse
home-controller = Responsable du traitement
home-purpose = Finalité
home-basis = Base légale
home-retention = Durée de conservation
home-retention-pending = Sans confirmation de votre part : { $pending } au plus, puis suppression.
home-retention-confirmed = Tant que dure votre inscription, sauf si vous demandez l’effacement de votre adresse.
home-retention-left = Après votre désinscription de tous les thèmes : { $unsubscribed }, puis suppression.
home-retention-left-always = Après votre désinscription de tous les thèmes : jusqu’à ce que vous en demandiez l’effacement.
home-rights = Vos droits
home-rights-text = Vous désinscrire à tout moment, par un lien présent dans chaque e-mail. Consulter, corriger, emporter ou effacer vos données, sans compte.
home-more = Lire toute la politique de confidentialité
home-lost = Vous recevez déjà nos messages ?
home-lost-text = Chaque e-mail se termine par un lien vers vos choix. Lien perdu ? Nous vous en envoyons un nouveau.

check-mailbox-title = Consultez votre messagerie
thanks-text = Un message est en route vers l’adresse que vous avez indiquée. Votre inscription ne commence que lorsque vous l’ouvrez et confirmez.
thanks-ignored = Une adresse qui n’est jamais confirmée est supprimée au bout de { $pending } au plus.
thanks-missing = Rien reçu ? Regardez d’abord parmi les courriers indésirables. Vous pourrez ensuite recommencer : nous laissons passer { $cool_down } entre deux messages à une même adresse.

wait-title = Encore un instant
wait-text = Merci d’attendre { $seconds } secondes, puis d’appuyer sur le bouton. Rien d’autre ne vous est demandé.
wait-early = C’était un peu trop tôt. Merci d’attendre { $seconds } secondes, puis d’appuyer de nouveau sur le bouton.
wait-why = Cette pause empêche des programmes d’inscrire des milliers d’adresses d’autres personnes. Dans un navigateur qui exécute notre script, elle n’est pas nécessaire.
effort-missing = Résolvez d’abord l’énigme de /subscribe/challenge, puis envoyez-les toutes deux sous « challenge » et « solution ».

topics-unknown = L’un des thèmes choisis n’existe pas.

## Bases légales et thèmes

basis-text = { $basis }, article { $article } du RGPD
basis-consent = Votre consentement
basis-contract = Un contrat avec vous
basis-legal-obligation = Une obligation légale
basis-vital-interests = La sauvegarde d’intérêts vitaux
basis-public-task = Une mission d’intérêt public
basis-legitimate-interest = Notre intérêt légitime
topic-purpose = Finalité
topic-basis = Base légale

## Confirmation

confirm-title = Confirmez votre inscription
confirm-text = { $name } souhaite vous envoyer :
confirm-button = Oui, je m’inscris
confirm-nothing = Vous n’avez rien demandé ? Fermez cette page : sans le bouton, il n’y a pas d’inscription. Une adresse qui n’est jamais confirmée est supprimée au bout de { $pending } au plus.
confirm-leave = Vous pouvez vous désinscrire à tout moment, par un lien présent dans chaque e-mail.
confirm-address-title = Confirmez votre nouvelle adresse
confirm-address-text = { $name } écrira désormais à l’adresse à laquelle vous avez reçu ce lien. L’ancienne adresse ne sera pas conservée.
confirm-address-button = Utiliser cette adresse
confirmed-title = Votre inscription est confirmée
confirmed-text = Vous recevrez désormais :
confirmed-address-title = Votre nouvelle adresse est confirmée
confirmed-address-text = Nous écrivons désormais à cette adresse. L’ancienne n’est pas conservée : les liens qui lui ont été envoyés ne montrent et ne modifient plus rien. Ils ne permettent plus que de se désinscrire.
confirmed-already-title = Déjà confirmée
confirmed-already-text = Votre inscription a déjà été confirmée. Vous n’avez plus rien à faire.
confirmed-choices = Pour modifier vos choix ou vous désinscrire, utilisez le lien en bas de n’importe lequel de nos e-mails.

## Liens sans effet

link-unknown-title = Ce lien ne fonctionne pas
link-unknown-text = Il n’est pas valable, ou ne l’est plus. Il est peut-être incomplet, ou mène à une adresse qui ne figure pas, ou plus, sur nos listes. Si vous l’avez copié, copiez-le en entier.
link-unknown-erased = Vous avez demandé l’effacement de vos données ? Vous n’avez alors plus rien à faire.
link-expired-title = Ce lien a expiré
link-expired-confirm = Un lien de confirmation fonctionne pendant { $period }.
link-expired-preferences = Pour votre protection, le lien vers vos choix fonctionne pendant { $period }.
link-expired-renew = M’envoyer un nouveau lien
link-renewed-text = Un message contenant un nouveau lien est en route vers l’adresse à laquelle vous avez reçu celui-ci. Ouvrez-le pour confirmer.
link-superseded-title = Ce lien n’est plus valable
link-superseded-text = L’inscription a été quittée ou l’adresse modifiée depuis, ou un lien plus récent a remplacé celui-ci. Utilisez le lien de notre dernier e-mail, ou demandez-en un autre.

## Centre de préférences

preferences-title = Vos choix
preferences-for = Pour { $address }
preferences-topics = Ce que vous recevez
preferences-awaits = En attente de votre confirmation par e-mail
preferences-save = Enregistrer mes choix
preferences-restricted = Le traitement de vos données est limité à votre demande.
preferences-leave-title = Tout quitter
preferences-leave-text = Vous ne recevez plus rien de nous, dès maintenant.
preferences-leave-deleted = Si vous ne revenez pas, vos données sont définitivement supprimées au bout de { $unsubscribed }.
preferences-leave-button = Me désinscrire de tout
preferences-left = Vous ne recevez rien de nous. Pour revenir, cochez ce que vous souhaitez et enregistrez : nous vous envoyons un lien de confirmation.
preferences-old-link = Ce lien est antérieur à votre dernière inscription ou à votre dernier changement d’adresse : il ne permet plus que de vous désinscrire. Pour vos choix et vos données, utilisez le lien de notre dernier e-mail, ou demandez-en un autre.
preferences-data-title = Vos données
preferences-export-title = Une copie
preferences-export-text = Tout ce que nous détenons à votre sujet, avec les dates de vos choix et les durées de conservation, dans un fichier que d’autres programmes peuvent lire (JSON).
preferences-export-button = Télécharger mes données
preferences-address-title = Une autre adresse
preferences-address-text = Nous envoyons un lien à la nouvelle adresse. Le changement prend effet lorsqu’il y est confirmé ; l’ancienne adresse n’est pas conservée.
preferences-address-label = Nouvelle adresse e-mail
preferences-address-button = Changer d’adresse
preferences-erase-title = Effacement
preferences-erase-text = Vos données sont masquées aussitôt et votre adresse est retirée de toutes les listes. Elles sont définitivement supprimées au bout de { $erased }. Un seul e-mail répond à votre demande, rien de plus.
preferences-erase-button = Effacer mes données
preferences-fresh-text = Pour télécharger, corriger ou effacer vos données, il vous faut un lien datant de { $period } au plus : quelqu’un qui trouverait un ancien e-mail ne doit pas pouvoir le faire à votre place.
preferences-fresh-button = M’envoyer un lien récent
preferences-saved = Vos choix sont enregistrés.
preferences-saved-left = Vos choix sont enregistrés. Vous ne recevrez plus rien de nous.
preferences-unsubscribed = C’est fait : vous ne recevrez plus rien de nous.
preferences-confirmation-mailed = Nous vous avons envoyé un lien : ouvrez-le pour confirmer ce que vous avez ajouté.
preferences-confirmation-until = D’ici là, vous ne le recevez pas.
preferences-address-requested-title = C’est presque fait
preferences-address-requested = Ouvrez le lien que nous envoyons à la nouvelle adresse. D’ici là, rien ne change.
preferences-address-told = Nous informons aussi l’adresse actuelle de cette demande.
preferences-nothing-chosen = Rien n’a été choisi, donc rien n’a changé. Cochez ce que vous souhaitez recevoir et enregistrez, ou quittez tout.

fresh-title = Nous vous envoyons un lien récent
fresh-text = Votre demande nécessite un lien datant de { $period } au plus. Il est en route vers votre adresse : ouvrez-le et renouvelez votre demande.
fresh-missing = Un message vous a été envoyé il y a un instant ? Utilisez son lien : nous laissons passer { $cool_down } entre deux messages.

erased-title = Vos données sont masquées, dès maintenant
erased-text = Vous ne figurez plus sur aucune liste, et plus personne ici ne peut consulter vos données.
erased-purge = Le { $date }, elles seront définitivement supprimées. Vous n’avez plus rien à faire.
erased-purge-earliest = Elles seront définitivement supprimées dès que plus rien n’oblige à les garder, au plus tôt le { $date }.
erased-kept = Motif : { $name }. Il est réexaminé au plus tard le { $date } ; d’ici là, elles ne servent à rien d’autre.
erased-answer = Un e-mail vous le confirme. Vous ne recevrez ensuite plus rien de nous.

one-click-text = C’est fait : vous ne recevrez plus rien de nous à cette adresse.

withdraw-title = Cette adresse nous a été indiquée
withdraw-text = Quelqu’un nous a demandé d’utiliser cette adresse pour son inscription.
withdraw-forgotten = Vous n’avez rien demandé ? Retirez cette adresse : elle est alors oubliée.
withdraw-button = Retirer cette adresse

## Lien perdu

lost-title = Retrouvez vos choix
lost-text = Indiquez l’adresse à laquelle vous recevez nos e-mails. Nous vous envoyons un lien pour modifier vos choix, vous désinscrire, ou consulter et effacer vos données.
lost-sent-text = Si nous détenons cette adresse, un message contenant un lien vers vos choix est en route.
lost-sent-missing = Rien reçu ? Regardez d’abord parmi les courriers indésirables. Nous laissons passer { $cool_down } entre deux messages à une même adresse.

## Versions antérieures de la notice

privacy-earlier = Ceci n’est pas la version en vigueur.
privacy-current = Lire la version en vigueur

## Boîte locale

mailbox-title = Boîte locale
mailbox-text = Aucun relais de messagerie n’est configuré : les messages restent ici, et seule cette machine peut les lire.
mailbox-empty = Aucun message pour l’instant.
mailbox-date = Date
mailbox-to = À
mailbox-html = Ouvrir la partie HTML
mailbox-back = Tous les messages

## Erreurs

error-400-title = Nous n’avons pas pu lire cette demande
error-400-text = Elle est mal formée, ou un champ y figure plus souvent qu’il ne le peut.
error-404-title = Cette page n’existe pas
error-404-text = L’adresse est peut-être mal saisie, ou la page a disparu.
error-405-title = Cette page ne s’utilise pas ainsi
error-405-text = Revenez à l’accueil et repartez de là.
error-408-title = Cela a pris trop de temps
error-408-text = Votre demande n’est pas arrivée à temps. Merci de réessayer.
error-413-title = Cette demande est trop volumineuse
error-413-text = Elle dépasse tout ce que nos formulaires peuvent envoyer.
error-415-title = Ce format n’est pas pris en charge
error-415-text = Envoyez un formulaire (application/x-www-form-urlencoded ou multipart/form-data) ou, là où il est proposé, du JSON.
error-422-title = Quelque chose ne va pas dans votre demande
error-422-text = Rien n’a été enregistré.
error-429-title = Trop de demandes
error-429-text = Merci de patienter un instant, puis de réessayer. Rien n’a été enregistré.
error-500-title = Un problème est survenu de notre côté
error-500-text = Nous n’avons pas pu faire ce que vous demandiez. Merci de réessayer plus tard.
error-503-title = Nous sommes momentanément indisponibles
error-503-text = Merci de réessayer dans un instant.
