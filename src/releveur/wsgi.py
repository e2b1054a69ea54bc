from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releveur.settings")
if settings.POSTGRES:
    settings.POSTGRES.start()
application = get_wsgi_application()
