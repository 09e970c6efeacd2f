### Ce que disent la notice de confidentialité et les mentions légales à côté de la politique. Aucune durée n'est écrite ici.

notice-title = Politique de confidentialité
notice-legal-title = Mentions légales
notice-contents = Sommaire
notice-informational = Pour information : ce texte décrit, et aucune règle de notre logiciel n’en dépend.
notice-reference = section { $number }, « { $title } »
notice-quoted = « { $title } »
notice-and = { $first } et { $last }
notice-colon =  :
notice-capital = au capital de { $amount }

## Rubriques

notice-section-summary = En bref
notice-section-controller = Qui est responsable
notice-section-data = Quelles données nous utilisons
notice-section-purposes = Pour quoi, et sur quelle base légale
notice-section-recipients = Qui les reçoit
notice-section-places = Où elles se trouvent
notice-section-periods = Combien de temps nous les conservons
notice-section-rights = Vos droits et comment les exercer
notice-section-cookies = Cookies
notice-section-complaint = Où porter réclamation
notice-section-security = Comment nous les protégeons
notice-section-processing = Annexe : données traitées pour le compte d’autrui
notice-section-versions = Versions de ce document

## Colonnes des tableaux

notice-column-purpose = Finalité
notice-column-why = Base légale
notice-column-whose = Données concernées
notice-column-datum = Donnée
notice-column-source = Provenance
notice-column-category = Catégorie
notice-column-used-for = Utilisée pour
notice-column-required = Obligatoire
notice-column-topic = Abonnement
notice-column-content = Ce que vous recevez
notice-column-basis = Base légale
notice-column-recipient = Destinataire
notice-column-kind = Sa qualité
notice-column-reason = Pourquoi il reçoit des données
notice-column-country = Pays
notice-column-safeguard = Garantie
notice-column-data = Données
notice-column-state = État
notice-column-action = Ce qui se passe
notice-column-after = Au bout de
notice-column-clock = À compter de
notice-column-reason-of-rule = Pourquoi
notice-column-at-least = Au moins
notice-column-kind-of-reason = Dans quel but
notice-column-law = Sur quel fondement
notice-column-right = Droit
notice-column-meaning = Ce qu’il signifie
notice-column-concerns = Ce qu’il concerne
notice-column-cookie = Nom et domaine
notice-column-set-by = Déposé par
notice-column-lasts = Durée
notice-column-people = Personnes
notice-column-version = Version
notice-column-since = En vigueur depuis
notice-column-why-changed = Raison du changement
notice-column-changes = Ce qui a changé

## Avant les rubriques

notice-lead = Ce document dit quelles données personnelles { $name }, éditeur de { $brand }, utilise, pour quoi, pendant combien de temps, et ce que vous pouvez demander. Il est imprimé à partir des règles mêmes que notre logiciel exécute.
notice-version = Version
notice-since = En vigueur depuis
notice-scope = Il s’applique à
notice-audience = Il s’adresse à
notice-laws = Textes auxquels il se réfère

## En bref

notice-summary = Voici pour quoi nous utilisons des données personnelles.
notice-summary-caption = Ce à quoi servent les données
notice-summary-more = La durée de conservation de chacune figure à la { $periods }. Ce que vous pouvez demander, et comment, figure à la { $rights }.

## Qui est responsable

notice-controller = { $name } édite { $brand } et décide pourquoi et comment vos données sont utilisées : c’est le responsable du traitement (article 4, point 7, du RGPD).
notice-company = Société
notice-brand = Produit
notice-contact = Contact
notice-phone = Téléphone
notice-fax = Télécopie
notice-hours = Horaires téléphoniques
notice-website = Site
notice-registry = Immatriculation
notice-vat = Numéro de TVA
notice-activity = Code d’activité
notice-seat = Siège social
notice-dpo = Délégué à la protection des données
notice-contact-privacy = Pour l’exercice de vos droits
notice-contact-questions = Pour toute question sur ce document
notice-contact-processors = Pour la liste de nos sous-traitants
notice-contact-controllers = Pour les responsables de traitement dont nous sommes le sous-traitant

## Quelles données

notice-data = Nous collectons ce qui est énuméré ici et rien d’autre.
notice-people = Personnes concernées : { $people }.
notice-data-caption = { $data } : ce que nous détenons
notice-not-enabled = Ceci est seulement annoncé : rien n’est encore collecté.
notice-as-processor = Nous traitons ces données pour le compte d’autrui, sur ses instructions (article 28 du RGPD).
notice-anonymised-at-collection = Elles sont anonymisées avant tout autre traitement.
notice-on-paper = Elles sont conservées sur papier.
notice-subscribers-hold = Avec l’adresse, nous conservons ce qui concerne l’abonnement : sa langue, les sujets, leur état, et le moment où chacun a été demandé, confirmé, modifié ou quitté.
notice-data-not = Pour un abonnement, nous n’enregistrons ni adresse réseau ni nom de navigateur. Nos messages ne contiennent aucun traceur : ni image cachée, ni lien réécrit.
notice-required = Oui
notice-at-write = Réduite avant d’être enregistrée : { $method }.
notice-special = Catégorie particulière de données : { $ground } (article 9 du RGPD).
notice-special-explicit-consent = avec votre consentement explicite
notice-special-employment = le droit du travail et de la protection sociale l’exige
notice-special-vital-interests = pour sauvegarder des intérêts vitaux
notice-special-made-public = vous les avez rendues publiques vous-même
notice-special-legal-claims = pour la défense de droits en justice
notice-special-public-interest = pour des motifs d’intérêt public important
notice-special-health-care = pour des soins de santé
notice-third-party = Peut concerner d’autres personnes : examinée avant toute remise de copie.
notice-trade-secret = Secret des affaires : ne fait pas partie de ce que vous pouvez emporter.
notice-open-ended = Citée par souci d’exhaustivité : non enregistrée.
notice-seen-by = Vue par : { $teams }.
notice-source-provided = Vous nous la donnez
notice-source-registration = Vous la donnez en vous inscrivant
notice-source-use = Elle naît de votre utilisation du service
notice-source-communication = Vous nous l’écrivez
notice-source-automatic = Collectée automatiquement
notice-source-third-party = Un tiers nous la donne
notice-source-derived = Nous la déduisons d’autres données

## Pour quoi

notice-purposes = Nous utilisons les données pour ces finalités et pour aucune autre. Avant de les utiliser pour une nouvelle finalité, nous vous en informons.
notice-basis = Base légale
notice-law-that-requires = Texte qui l’impose
notice-interest = Notre intérêt
notice-interest-of-others = Intérêt d’un tiers
notice-balancing = Comment nous l’avons mis en balance avec les vôtres
notice-whose-data = Données utilisées
notice-given-to = Transmises à
notice-withdrawal = Comment retirer votre consentement
notice-withdrawal-online = En ligne, par le lien de nos messages
notice-withdrawal-email = Par e-mail à notre adresse de contact
notice-withdrawal-post = Par courrier postal
notice-consequence = Si vous ne les donnez pas
notice-decisions = Décisions automatisées
notice-automated-decisions = Des décisions sont prises par des machines seules (article 22 du RGPD).
notice-no-automated-decisions = Aucune décision à votre sujet n’est prise par une machine seule (article 22 du RGPD).
notice-topics = Ce à quoi vous pouvez vous abonner
notice-topics-caption = Abonnements, que vous pouvez quitter un par un
notice-confirmation = Une adresse ne compte qu’une fois confirmée par son titulaire, au moyen d’un lien que nous lui envoyons et qui fonctionne pendant { $validity }. Jusque-là, elle reçoit les messages nécessaires à cette fin, et aucune actualité.
notice-reminder = Nous envoyons un seul rappel, { $reminder } après la première saisie de l’adresse.
notice-again = Qui s’est désabonné et s’abonne de nouveau le fait sur cette base : { $basis }.
notice-bases = Les bases légales en clair
notice-basis-consent = Vous avez accepté, librement et pour cette finalité. Vous pouvez retirer votre accord à tout moment, aussi simplement que vous l’avez donné ; ce qui a été fait avant reste licite.
notice-basis-contract = Les données sont nécessaires à l’exécution d’un contrat avec vous, ou à sa préparation à votre demande.
notice-basis-legal-obligation = Un texte nous y oblige, que nous le voulions ou non.
notice-basis-vital-interests = Les données protègent la vie de quelqu’un.
notice-basis-public-task = Cela relève d’une mission d’intérêt public. Vous pouvez vous y opposer pour des raisons tenant à votre situation particulière.
notice-basis-legitimate-interest = Nous y avons un intérêt, que nous avons mis en balance avec ce que cela signifie pour vous. Vous pouvez vous y opposer à tout moment ; à la prospection, sans donner de raison.

## Qui reçoit des données

notice-recipients = Les destinataires suivants reçoivent des données personnelles, chacun pour la raison indiquée.
notice-recipients-caption = Destinataires des données
notice-reason-itself = C’est le responsable du traitement.
notice-kind-itself = Nous-mêmes
notice-kind-processor = Sous-traitant : agit sur nos instructions
notice-kind-subsidiary = Société de notre groupe
notice-kind-partner = Partenaire
notice-kind-own-account = Reçoit des données pour son propre compte
notice-kind-authority = Autorité
notice-proposed = Annoncé ; ne reçoit encore rien.
notice-both-ways = Les données circulent dans les deux sens.
notice-inwards = Il nous donne des données.
notice-express-consent = Seulement si vous l’acceptez expressément.
notice-anonymised-only = Ne reçoit que des données anonymisées.
notice-contract = Tenu par :
notice-guarantee = Garanties :
notice-in-the-eea = Espace économique européen
notice-nobody-else = Personne d’autre ne reçoit de données personnelles, à moins qu’un texte ne nous oblige à les remettre. Les messages vous parviennent par les serveurs de messagerie qu’ils traversent. Nous ne vendons aucune donnée.
notice-teams = Qui les voit parmi notre personnel

## Où elles se trouvent

notice-region = Nos serveurs se trouvent { $region }.
notice-region-EU = dans l’Union européenne
notice-region-EEA = dans l’Espace économique européen
notice-region-Europe = en Europe
notice-hosting = Hébergement
notice-host = Hébergeur
notice-host-partner = Autre hébergeur
notice-hosted-itself = { $name } héberge ses données elle-même.
notice-place = Lieu des données
notice-lies-with = { $data } : chez { $hosts }.
notice-transfers = Hors de l’Espace économique européen
notice-no-transfer = Nous ne transférons aucune donnée personnelle hors de l’Espace économique européen.
notice-transfers-text = Des données ne sortent de l’Espace économique européen que là où elles sont protégées comme ici.
notice-transfers-caption = Transferts et leurs garanties
notice-mechanism-adequacy = La Commission européenne a constaté que le pays protège suffisamment les données (article 45 du RGPD)
notice-mechanism-scc = Clauses contractuelles types de la Commission européenne (article 46, paragraphe 2, point c), du RGPD)
notice-mechanism-bcr = Règles d’entreprise contraignantes (article 47 du RGPD)
notice-mechanism-other = Autre garantie reconnue (article 46 du RGPD)
notice-mechanism-art-49 = Dérogation pour une situation particulière (article 49 du RGPD)
notice-in-place-since = En place depuis le { $day }

## Combien de temps

notice-periods = Chaque ligne est une règle que notre logiciel exécute de lui-même, chaque jour à partir de { $time } ({ $zone }), pour toutes les données dont la durée est alors écoulée. Les mois et les années sont ceux du calendrier.
notice-periods-caption = Ce que deviennent les données, et quand
notice-only-fields = Seulement : { $fields }
notice-for-purpose = Utilisées pour : { $purpose }
notice-on-event = Aussitôt que cela se produit
notice-at-once = Aussitôt
notice-reviewed-by = Réexaminé au plus tard le { $day }
notice-action-hide = Masquées
notice-action-restrict = Conservées sans plus être utilisées
notice-action-archive = Déplacées dans une archive séparée et scellée
notice-action-anonymise = Anonymisées
notice-action-pseudonymise = Pseudonymisées : un lien avec d’autres données reste possible
notice-action-purge = Supprimées définitivement
notice-action-review = Quelqu’un décide
notice-archived-purge = Supprimées définitivement de l’archive
notice-archived-review = Quelqu’un décide de l’archive
notice-method = { $field } : { $method }
notice-method-drop = retiré
notice-method-constant = remplacé par « { $text } »
notice-method-month-and-day = le jour et le mois restent, sans l’année
notice-method-year = l’année reste
notice-method-month = le mois reste
notice-method-quarter = le trimestre reste
notice-method-bucket = arrondi au multiple inférieur de { $size }
notice-method-network-prefix = le réseau reste, sans la machine
notice-method-initials = les premières lettres restent
notice-method-domain = ce qui suit l’arobase reste
notice-method-country = le pays reste
notice-method-random-token = remplacé par un texte aléatoire, chaque fois différent
notice-state-pending = Adresse non confirmée
notice-state-confirmed = Abonnement en cours
notice-state-unsubscribed = Entièrement désabonné
notice-state-erased = Effacement demandé
notice-state-open = En cours
notice-state-closed = Close
notice-state-abandoned = Inachevée
notice-state-suspicious = Suspecte
notice-state-qualified = Qualifiée
notice-state-accepted = Accepté
notice-state-refused = Refusé
notice-clock-first-submission = La première saisie de l’adresse ; la saisir de nouveau ne recommence rien
notice-clock-last-interaction = La dernière interaction
notice-clock-last-departure = Le dernier désabonnement
notice-clock-erasure-request = La demande d’effacement ; les données sont masquées aussitôt
notice-clock-recorded = L’enregistrement
notice-clock-subject-purged = La suppression des données de la personne
notice-clock-received = La réception de la demande
notice-clock-closed = La clôture de la demande
notice-clock-last-activity = Le dernier message
notice-clock-qualified = La qualification
notice-clock-given = Le premier choix
notice-rule-shortest = Lorsque plusieurs règles visent les mêmes données, la durée la plus courte l’emporte.
notice-rule-minimum = Lorsque des données doivent rester un certain temps, le plus long de ces temps l’emporte, et l’emporte sur toute règle.
notice-rule-confirmed = Tant que vous êtes abonné, votre abonnement est conservé jusqu’à ce que vous partiez ou demandiez l’effacement.
notice-rule-unsubscribed = Après votre désabonnement de tout, la trace de ce départ est conservée jusqu’à ce que vous demandiez l’effacement, afin qu’il soit respecté.
notice-rule-erasure = Si vous demandez l’effacement de votre abonnement, il est masqué aussitôt et supprimé par la règle ci-dessus, quoi que disent les autres règles.
notice-rule-restriction = Tant que le traitement est limité à votre demande (article 18 du RGPD), rien de ce qui vous concerne n’est supprimé, sauf si vous demandez l’effacement.
notice-rule-never-back = Si nous allongeons une durée, les données collectées auparavant gardent la plus courte.
notice-rule-reaches-back = Si nous allongeons une durée, la plus longue vaut aussi pour les données collectées auparavant.
notice-timeline = La même chose en image
notice-timeline-text = Chaque barre est une règle du tableau ci-dessus. Chaque durée plus longue est plus longue d’un pas : l’image montre l’ordre, non la proportion. Au bout des barres vertes, les données ont disparu ou sont anonymes ; au bout des barres grises, elles sont encore là.
notice-timeline-title = Durée de vie des données
notice-timeline-description = Une barre par règle du tableau « Ce que deviennent les données, et quand », qui dit la même chose en mots.
notice-timeline-label = { $subject } : { $action }
notice-minima = Ce qui doit rester un certain temps
notice-minima-caption = Durées minimales
notice-minimum-law = Un texte l’exige
notice-minimum-proof = Preuve d’un droit ou d’un contrat
notice-minimum-claims = Actions en justice
notice-clocks = À partir de quand les durées se comptent
notice-clock-of = { $data }, { $clock }
notice-moved-to = Compté à partir de { $end }.
notice-end-of-day = la fin de ce jour
notice-end-of-month = la fin de ce mois
notice-end-of-quarter = la fin de ce trimestre
notice-end-of-year = la fin de cette année
notice-end-of-financial-year = la fin de cet exercice
notice-catch-all = Tout ce qu’aucune règle ne vise
notice-catch-all-after = Conservé pendant { $period }, puis supprimé.
notice-catch-all-review = Examiné au plus tard le { $day }.
notice-holds = Ce qui peut suspendre une règle
notice-holds-text = Dans ces cas, une règle peut devoir attendre. Chaque cas est noté avec sa raison et réexaminé à temps.
notice-hold = { $hold } : réexaminé dans un délai de { $review }
notice-copies = Copies
notice-backups = Les sauvegardes de la base sont conservées pendant { $period }. Ce qui a été supprimé entre-temps l’est de nouveau lorsqu’une sauvegarde est restaurée.
notice-backups-always = Les sauvegardes de la base sont conservées sans terme fixé. Ce qui a été supprimé entre-temps l’est de nouveau lorsqu’une sauvegarde est restaurée, et les données personnelles y sont scellées.
notice-letters = Un message que nous ne devons plus à personne quitte notre boîte d’envoi au bout de { $period }.
notice-evidence = La preuve de ce que vous avez accepté ou refusé est conservée avec vos données et supprimée avec elles.

## Droits

notice-rights-caption = Vos droits et ce qu’ils concernent
notice-all-data = Toutes vos données
notice-came-back = Les abonnements quittés puis repris
notice-nothing-now = Rien à ce jour
notice-right-access = Accès (article 15 du RGPD)
notice-right-rectify = Rectification (article 16 du RGPD)
notice-right-erase = Effacement (article 17 du RGPD)
notice-right-restrict = Limitation (article 18 du RGPD)
notice-right-port = Portabilité (article 20 du RGPD)
notice-right-object = Opposition (article 21 du RGPD)
notice-right-automated-decision = Pas de décision par une machine seule (article 22 du RGPD)
notice-right-withdraw-consent = Retrait du consentement (article 7, paragraphe 3, du RGPD)
notice-right-post-mortem = Directives après la mort (loi du 6 janvier 1978, article 85)
notice-right-processor-list = Liste des sous-traitants
notice-meaning-access = Savoir si nous détenons des données vous concernant, en obtenir une copie et apprendre à quoi elles servent, lesquelles ce sont, qui les a reçues, combien de temps elles restent, d’où elles viennent et ce qui les protège ailleurs.
notice-meaning-rectify = Faire corriger ce qui est faux et compléter ce qui est incomplet.
notice-meaning-erase = Faire supprimer vos données, pour l’un des motifs ci-dessous, à moins qu’un texte ou la défense de droits en justice n’exige qu’elles restent.
notice-meaning-restrict = Faire laisser vos données de côté pendant que leur exactitude ou votre opposition est examinée, ou au lieu de leur suppression.
notice-meaning-port = Recevoir ce que vous nous avez donné sous une forme courante et lisible par une machine, ou le faire transmettre à un autre lorsque c’est possible. Cela exclut ce que nous avons déduit nous-mêmes et ne doit pas nuire à autrui.
notice-meaning-object = Vous opposer à tout moment, pour des raisons tenant à votre situation particulière ; à la prospection sans raison, et elle cesse alors. Sinon, nous ne poursuivons que pour des motifs impérieux ou la défense de droits en justice.
notice-meaning-automated-decision = Ne pas faire l’objet d’une décision prise par une machine seule et qui vous affecte de façon significative.
notice-meaning-withdraw-consent = Revenir à tout moment sur ce que vous avez accepté. Ce qui a été fait avant reste licite.
notice-meaning-post-mortem = Dire ce que vos données doivent devenir après votre mort. Vous pouvez confier ces directives à un tiers de confiance certifié.
notice-meaning-processor-list = Apprendre qui traite des données pour nous.
notice-grounds = Motifs d’effacement
notice-ground-not-needed = Les données ne sont plus nécessaires à ce pour quoi elles ont été collectées.
notice-ground-consent-withdrawn = Vous avez retiré votre consentement et il ne reste aucune autre base.
notice-ground-objection = Vous vous êtes opposé, et aucun motif impérieux ne l’emporte.
notice-ground-unlawful = Les données ont été utilisées de façon illicite.
notice-ground-legal-duty = Un texte exige leur suppression.
notice-ground-child = Elles ont été collectées auprès d’un enfant pour un service en ligne.
notice-how = Comment les exercer
notice-self-service = Pour vos abonnements, il ne faut ni compte ni raison : par le lien au bas de chaque message, vous quittez un sujet ou tout d’un coup, consultez et téléchargez vos données, changez d’adresse ou les effacez. Lien perdu ?
notice-link-works = Le lien vers vos choix fonctionne pendant { $period }.
notice-link-works-always = Le lien vers vos choix fonctionne tant que nous détenons votre adresse.
notice-link-sensitive = Pour télécharger, effacer ou changer d’adresse, le lien ne doit pas dater de plus de { $period } : sinon, nous vous en envoyons un nouveau.
notice-link-one-click = Le bouton de désabonnement de votre messagerie fonctionne tant que nous détenons votre adresse.
notice-write-to = Pour tout le reste, écrivez à
notice-channel-online = En ligne
notice-channel-email = Par e-mail
notice-channel-post = Par courrier postal
notice-online-page = Demander un lien vers vos données
notice-channel-rights = Pour : { $rights }.
notice-must-state = Merci d’indiquer : { $required }.
notice-identity-document = supprimé une fois votre identité établie
notice-answers = Quand et comment nous répondons
notice-answers-by-law = Nous répondons dans les meilleurs délais, dans le délai que fixe l’article 12, paragraphe 3, du RGPD, et gratuitement.
notice-answer = Nous répondons dans les meilleurs délais, et dans un délai de { $answer } à compter de la réception de votre demande.
notice-extension = Si votre demande est complexe, nous pouvons prendre jusqu’à { $extension } de plus, une seule fois. Nous vous disons alors pourquoi, dans les premiers { $answer }.
notice-pause = Tant qu’il y a doute sur l’identité du demandeur, nous demandons des informations, et le délai est suspendu.
notice-free = L’exercice de vos droits est gratuit.
notice-copy-fee = Une copie supplémentaire coûte au plus { $fee }.
notice-fee-when-excessive = Une demande manifestement infondée ou excessive peut donner lieu à des frais raisonnables, que nous annonçons auparavant.
notice-refusal = Si nous ne pouvons pas faire ce que vous demandez, nous vous disons pourquoi, et où vous pouvez porter réclamation.
notice-child = Pour un enfant de moins de { $age } ans, la demande vient du titulaire de la responsabilité parentale.
notice-forwarded = Une demande relative à des données que nous traitons pour le compte d’autrui lui est transmise aussitôt ; ou écrivez à
notice-complaint = Vous pouvez à tout moment porter réclamation devant une autorité de contrôle, notamment là où vous résidez, là où vous travaillez ou là où vous pensez que la loi a été enfreinte (article 77 du RGPD). Tout autre recours vous reste ouvert.
notice-authority = Autorité
notice-complaint-form = Formulaire de réclamation

## Cookies

notice-no-cookies = Ces pages ne déposent aucun cookie et ne chargent rien depuis d’autres sites.
notice-cookies = On appelle ici cookie tout ce qui est enregistré ou lu sur votre terminal. Ce qui n’est pas strictement nécessaire n’est déposé qu’après votre accord, finalité par finalité.
notice-consent-validity = Votre accord est valable pendant { $period } à compter du premier choix. Ensuite, nous vous demandons de nouveau.
notice-refusal-validity = Nous retenons un refus pendant { $period }.
notice-refusal-validity-same = Nous retenons un refus aussi longtemps qu’un accord.
notice-cookies-end = Quand votre accord prend fin, ce qui a été déposé sur son fondement est retiré, même s’il pouvait durer plus longtemps.
notice-cookie-categories = Catégories
notice-cookie-exempt = Strictement nécessaire : n’exige pas de consentement.
notice-cookie-basis = Base légale : { $basis }.
notice-cookie-advertising = Sert à la publicité.
notice-cookie-purposes = Utilisés pour : { $purposes }.
notice-cookie-register = Registre
notice-cookie-caption = Tous les cookies qui peuvent être déposés
notice-cookie-links = Réglages et autres choix
notice-session = Jusqu’à la fermeture du navigateur
notice-tracker-local-storage = Stockage local ou de session
notice-tracker-pixel = Pixel
notice-tracker-fingerprint = Empreinte
notice-party-provider = Un de nos prestataires
notice-party-partner = Un partenaire
notice-party-third = Un tiers

## Annexe

notice-operations = Ce qui est fait des données
notice-annex-purpose = Finalité
notice-duration = Durée
notice-kept-in = Autant que possible, les données restent
notice-subjects-caption = Personnes concernées et données traitées
notice-agreed = Ce qui est convenu
notice-objection = Un nouveau sous-traitant est annoncé par écrit ; le responsable du traitement peut s’y opposer dans un délai de { $period } à compter de la réception de l’annonce, et le sous-traitant n’est engagé qu’à défaut d’opposition.
notice-breach = Une violation est notifiée au responsable du traitement dans un délai de { $period } après sa découverte.
notice-breach-at-once = Une violation est notifiée au responsable du traitement dans les meilleurs délais.
notice-audits = { $audits ->
    [one] Le responsable du traitement peut procéder à un audit par an.
   *[other] Le responsable du traitement peut procéder à { $audits } audits par an.
}
notice-audit-notice = Un audit est annoncé au moins { $period } à l’avance.
notice-audit-hours = Il a lieu pendant les heures ouvrées, { $hours }.
notice-audit-cost = Le responsable du traitement supporte le coût d’un audit.
notice-end-destroy = À la fin du contrat, le responsable du traitement peut faire détruire toutes les données.
notice-end-return = À la fin du contrat, le responsable du traitement peut se faire restituer toutes les données ; aucune copie n’est conservée.
notice-end-hand-over = À la fin du contrat, le responsable du traitement peut faire remettre toutes les données à un autre sous-traitant ; aucune copie n’est conservée.
notice-certificate = Un certificat de destruction est délivré sur demande.
notice-duties = Obligations de : { $debtor } ; envers : { $beneficiary }

## Versions

notice-versions = La version en vigueur se trouve toujours à cette adresse. Chaque consentement est enregistré avec la version qui a été montrée.
notice-review-every = Ce document est réexaminé au moins tous les { $period }.
notice-review = Il est réexaminé au plus tard le { $day }.
notice-announced-banner = Cette version est annoncée sur ce site.
notice-announced-mail = Cette version est annoncée par e-mail à toutes les personnes concernées.
notice-versions-caption = Versions, la plus récente d’abord
notice-machine = La même chose pour les machines (JSON)
notice-change-first = Première version
notice-change-law = La loi a changé
notice-change-service = Le service a changé
notice-change-correction = Une erreur a été corrigée

## Mentions légales

notice-publisher = Éditeur de ce site
notice-law = Droit
notice-applicable-law = Droit applicable
notice-jurisdiction = Tribunaux compétents
notice-credits = Réalisation
notice-links = Liens vers d’autres sites
notice-links-text = Des liens peuvent mener à des sites que { $name } ne maîtrise pas. Leurs propres politiques disent ce qu’ils font de vos données.
notice-documents = Autres documents
notice-personal-data = Données personnelles
notice-read = Lire la politique de confidentialité
