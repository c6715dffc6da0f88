"""The services that the window and the command line are composed of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal

from studio.document.events import emit, listen
from studio.host.candidates import candidates, plugin_folder
from studio.host.galleries import Galleries
from studio.host.isolation.isolation import Isolation
from studio.host.isolation.standing_in import stand_ins
from studio.host.models import ModelStore, default_cache_dir
from studio.host.networks import NetworkCache
from studio.host.plugins import PluginRegistry, load
from studio.host.queue import JobQueue
from studio.host.runs import Runner
from studio.host.settings import Settings

if TYPE_CHECKING:
    from studio.host.batch.queued import BatchBench
    from studio.host.recipes.replay import Execute
    from studio.host.training.bench import TrainingBench


@dataclass
class Services:
    """What the host offers.

    Attributes:
        settings: what the user chose, remembered.
        registry: plugins and operations.
        store: models.
        networks: cache of loaded networks.
        plugins: folder of dropped-in plugins; the user's if None.

    Signals:
        plugins_changed: `registry` is another one.
    """

    plugins_changed: ClassVar[Signal] = Signal()

    settings: Settings
    registry: PluginRegistry
    store: ModelStore
    networks: NetworkCache
    plugins: Path | None = None

    def use_registry(self, registry: PluginRegistry) -> None:
        """Go on with other plugins. What runs already ends with those that it began with."""
        self.registry = registry
        self.store.declare(registry.cards(), _trainers(registry))
        if "jobs" in self.__dict__:
            self.jobs.runner = self.runner
        if "training" in self.__dict__:
            self.training.registry = registry
            self.training.host = replace(
                self.training.host,
                disabled=self.settings.disabled_plugins,
                isolated=self.settings.isolated_plugins,
            )
        emit(self.plugins_changed)

    @property
    def galleries(self) -> Galleries:
        """Reference pictures: those that plugins bring, and the user's own."""
        return Galleries(self.registry.galleries())

    @property
    def runner(self) -> Runner:
        """Runs one request on the calling thread, within the present settings."""
        limit = self.settings.max_megapixels * 1_000_000
        return Runner(self.registry, self.store, self.networks, limit, self.isolation)

    @cached_property
    def isolation(self) -> Isolation:
        """Runs the plugins that the user wants in processes of their own."""
        settings = self.settings
        isolation = Isolation(
            lambda: settings.isolated_plugins, self.plugins, lambda: settings.disabled_plugins
        )

        def follow(_names: frozenset[str]) -> None:
            isolation.keep()

        listen(settings.changed, follow)
        return isolation

    @cached_property
    def jobs(self) -> JobQueue:
        """Runs requests on worker threads, within the settings at the time they start."""
        queue = JobQueue(self.runner)

        def follow(_names: frozenset[str]) -> None:
            queue.runner = self.runner

        listen(self.settings.changed, follow)
        return queue

    @cached_property
    def batches(self) -> BatchBench:
        """Does recipes to many pictures; networks run on the workers of `jobs`."""
        from studio.host.batch.batch import Tools
        from studio.host.batch.queued import BatchBench

        def tools(execute: Execute) -> Tools:
            limit = self.settings.max_megapixels * 1_000_000
            return Tools(execute, self.registry, self.store, limit)

        return BatchBench(self.jobs, tools)

    @cached_property
    def training(self) -> TrainingBench:
        """Trains models in processes of their own."""
        from studio.host.recovery import data_folder
        from studio.host.training.bench import TrainingBench
        from studio.host.training.host import Host

        plugins = str(self.plugins.absolute()) if self.plugins else None
        models, settings = str(self.store.cache_dir.absolute()), self.settings
        host = Host(plugins, settings.disabled_plugins, models, settings.isolated_plugins)
        return TrainingBench(self.registry, self.store, data_folder() / "trainings", host)


def bundled_models() -> Path:
    """The folder of the weights that ship with Impasto."""
    import studio_resources

    return Path(studio_resources.__file__).parent / "models"


def build_services(
    config: Path | None = None, plugins: Path | None = None, models: Path | None = None
) -> Services:
    """Settings, plugins and models of this user. Does not import torch.

    Args:
        config: folder of the settings; the user's if None.
        plugins: folder of dropped-in plugins; the user's if None.
        models: folder of fetched and imported models; the user's if None.
    """
    settings = Settings.load(config)
    found = stand_ins(candidates(plugins or plugin_folder()), settings.isolated_plugins)
    registry = load(found, disabled=settings.disabled_plugins)
    store = ModelStore(
        models or default_cache_dir(),
        bundled_models(),
        registry.cards(),
        trainers=_trainers(registry),
    )
    return Services(settings, registry, store, NetworkCache(), plugins)


def _trainers(registry: PluginRegistry) -> dict[str, str]:
    """Id of the first trainer by task."""
    return {trainer.task: trainer.id for trainer in reversed(registry.trainers())}
