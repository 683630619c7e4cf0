"""The data room's public names: each is what it is said to be, whatever was imported before."""

import importlib
import pkgutil
from types import ModuleType

import longtail.data


def test_no_module_takes_the_place_of_a_function() -> None:
    """Importing `longtail.data.x` sets the attribute `x` of the package: no public name may be called like a module."""
    modules = {found.name for found in pkgutil.iter_modules(longtail.data.__path__)}
    assert not modules & set(longtail.data.__all__)
    for name in modules:
        importlib.import_module(f"longtail.data.{name}")
    for name in longtail.data.__all__:
        assert not isinstance(getattr(longtail.data, name), ModuleType), name
