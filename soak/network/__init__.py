"""Web servers and workers on hosts of their own, while the network between them and PostgreSQL fails.

Hosts are network namespaces of this machine, each with one link to PostgreSQL's. They need root and Linux;
:func:`soak.network.hosts.obstacle` says what is missing. ``python -m soak --network`` runs it.
"""
