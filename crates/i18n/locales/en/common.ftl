### Periods and dates, for pages and letters alike.

period-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
period-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
period-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
period-working-days = { $n ->
    [one] { $n } working day
   *[other] { $n } working days
}
period-weeks = { $n ->
    [one] { $n } week
   *[other] { $n } weeks
}
period-months = { $n ->
    [one] { $n } month
   *[other] { $n } months
}
period-years = { $n ->
    [one] { $n } year
   *[other] { $n } years
}

date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }

# 22 November 2026 at 14:05 (CET)
date-time = { $date } at { $hour }:{ $minute } ({ $zone })
