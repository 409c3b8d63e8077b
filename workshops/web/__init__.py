"""Plumbing below the operators' site: small functions that each do one thing.

They know nothing of operators or of the product's tables. The order, from the outside
(``workshops.admin.protection`` puts them together):

=====================  =================================================================
``reject``             says no with a sentence, and 503 while the database is away
``secure_headers``     tells browsers to be careful
``TrustedProxies``     finds the client's address behind a proxy that is trusted
``read_body``          reads a body once, and refuses what cannot be stored
``read_from_replica``  lets what only reads be read from a replica
=====================  =================================================================

``run_in_transaction`` runs a request in one transaction, and answers after its end.
"""
