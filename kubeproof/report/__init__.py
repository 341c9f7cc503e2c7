"""Strings and files made from verdicts; nothing here touches a cluster."""
