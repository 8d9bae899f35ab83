"""What ``[drivers.NAME]`` of the configuration becomes."""

from __future__ import annotations

import pytest

from pycwt_mod.backends import ManifestError, driver_setting, installed_drivers, load_manifest
from pycwtd.config import ConfigError, EngineConfig, load_layered
from pycwtd.engine.pool import Pool
from pycwtd.engine.settings import driver_settings


@pytest.fixture
def manifest():
    return next(driver.manifest for driver in installed_drivers() if driver.name == "dask")


def test_a_table_becomes_variables_of_the_host(tmp_path, manifest, monkeypatch):
    path = tmp_path / "config.toml"
    path.write_text('[drivers.dask]\nscheduler = "tls://10.0.0.1:8786"\nwhen_lost = "wait"\n')
    config = load_layered(path).config
    settings = driver_settings(manifest, config.drivers)
    assert (settings.wanted, settings.waits) == (True, True)
    assert settings.environment == {"PYCWTD_DRIVER_DASK_SCHEDULER": "tls://10.0.0.1:8786"}
    assert driver_setting("dask", "scheduler") is None
    for name, value in settings.environment.items():
        monkeypatch.setenv(name, value)
    assert driver_setting("dask", "scheduler") == "tls://10.0.0.1:8786"
    device = Pool(EngineConfig(), drivers=config.drivers).devices["dask"]
    assert (device.recalled, device.waits) == (True, True)


def test_without_a_table_nothing_is_set(manifest):
    settings = driver_settings(manifest, {"cpu": {}})
    assert (settings.wanted, settings.waits, settings.environment) == (False, False, {})


@pytest.mark.parametrize(
    ("tables", "finding"),
    [
        ({"dask": {"shceduler": "x"}}, r"unknown key drivers.dask.shceduler; did you mean sched"),
        ({"dask": {"when_lost": "cry"}}, r'when_lost must be "wait" or "fallback", not \'cry\''),
        ({"dsak": {}}, r"drivers.dsak: there is no driver of that name, only cpu, dask"),
        ({"cpu": {"cores": 2}}, r"unknown key drivers.cpu.cores; known keys: when_lost"),
    ],
)
def test_mistakes_are_named(tables, finding):
    with pytest.raises(ConfigError, match=finding):
        Pool(EngineConfig(), drivers=tables)


def test_values_that_are_no_text(manifest):
    environment = driver_settings(manifest, {"dask": {"cert": True, "key": 3}}).environment
    assert environment == {"PYCWTD_DRIVER_DASK_CERT": "1", "PYCWTD_DRIVER_DASK_KEY": "3"}


def test_a_manifest_with_settings_that_are_none(tmp_path):
    path = tmp_path / "driver.toml"
    path.write_text('[driver]\nname = "x"\napi = 1\nsettings = "port"\n[[backend]]\n')
    with pytest.raises(ManifestError, match=r"driver.settings must be a list of names"):
        load_manifest(path)
