### Durées et dates, pour les pages comme pour les messages.

period-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
period-hours = { $n ->
    [one] { $n } heure
   *[other] { $n } heures
}
period-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
period-working-days = { $n ->
    [one] { $n } jour ouvré
   *[other] { $n } jours ouvrés
}
period-weeks = { $n ->
    [one] { $n } semaine
   *[other] { $n } semaines
}
period-months = { $n } mois
period-years = { $n ->
    [one] { $n } an
   *[other] { $n } ans
}

date = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year }

# 22 novembre 2026 à 14 h 05 (CET)
date-time = { $date } à { $hour } h { $minute } ({ $zone })
