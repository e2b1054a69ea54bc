"""Nothing under /demo/ exists in a real installation."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

type Page[**P] = Callable[Concatenate[HttpRequest, P], HttpResponse]


def demonstrated[**P](page: Page[P]) -> Page[P]:
    """The page, in a demonstration; elsewhere there is none."""

    @wraps(page)
    @never_cache
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return page(request, *args, **kwargs)

    return wrapper
