### Answers to people about their data in the databases of applications.

answer-row = { $data }, row { $row }
answer-state = { $row } ({ $state })
answer-step = { $day }: { $action }
answer-step-fields = { $day }: { $action } ({ $fields })
answer-kept = Kept until { $day } because { $because }
answer-kept-fields = { $fields }: kept until { $day } because { $because }
answer-because-law = a law requires it: { $basis }
answer-because-proof = it proves a right or a contract: { $basis }
answer-because-claims = legal claims may depend on it: { $basis }
answer-held = Kept because of this case: { $hold }. Looked at again by { $day }
answer-held-fields = { $fields }: kept because of this case: { $hold }. Looked at again by { $day }
answer-no-end = No period runs yet: what it counts from has not happened
answer-unreadable = When it ends cannot be told: one of its dates cannot be read
