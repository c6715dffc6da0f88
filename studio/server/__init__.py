"""Impasto over HTTP, for other programs: ``impasto serve``. README.md beside this module tells all.

What is here is handed its services by the command. FastAPI, of the extra ``[serve]``, is imported by
`studio.server.app` alone, and so by the command when it starts.
"""
