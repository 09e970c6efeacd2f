### Réponses aux personnes sur leurs données dans les bases des applications.

answer-row = { $data }, ligne { $row }
answer-state = { $row } ({ $state })
answer-step = { $day } : { $action }
answer-step-fields = { $day } : { $action } ({ $fields })
answer-kept = Conservées jusqu’au { $day }, car { $because }
answer-kept-fields = { $fields } : à conserver jusqu’au { $day }, car { $because }
answer-because-law = une loi l’exige : { $basis }
answer-because-proof = elles prouvent un droit ou un contrat : { $basis }
answer-because-claims = un litige peut en dépendre : { $basis }
answer-held = Conservées en raison de ce cas : { $hold }. Réexamen avant le { $day }
answer-held-fields = { $fields } : à conserver en raison de ce cas : { $hold }. Réexamen avant le { $day }
answer-no-end = Aucun délai ne court encore : ce qui le fait courir n’est pas arrivé
answer-unreadable = La fin ne peut être indiquée : une de leurs dates est illisible
