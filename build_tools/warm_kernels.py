"""Jupyter's kernels as forks of one Python that has imported TensorFlow already, so that no page waits for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import warm
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

# What nearly every page imports, in the order in which pages do.
IMPORTED = (
    "flowercourse",
    "numpy",
    "tensorflow",
    "tensorflow_datasets",
    "tensorflow_hub",
    "tf_keras",
    "scipy.stats",
    "ipykernel.kernelapp",
)
NAME = "warm"


class Provisioner(LocalProvisioner):
    """Starts a kernel from the warm Python; kernels of another kind than IPython's as usual."""

    python: warm.WarmPython

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Launch a kernel with a command, such as `python -m ipykernel_launcher -f FILE`."""
        if cmd[1:3] != ["-m", "ipykernel_launcher"]:
            return await super().launch_kernel(cmd, **kwargs)
        # A kernel ends when its parent has ended, which it looks up in the environment when ipykernel is imported.
        arguments = [*cmd[1:], f"--IPKernelApp.parent_handle={self.python.pid}"]
        self.process = self.python.start(arguments, env=kwargs["env"], cwd=kwargs.get("cwd"))
        self.pid, self.pgid = self.process.pid, None
        return self.connection_info


@contextlib.contextmanager
def warm_kernels() -> Iterator[None]:
    """Start kernels so, where the system allows it."""
    if not warm.AVAILABLE:
        yield
        return
    factory = KernelProvisionerFactory.instance()
    before = factory.default_provisioner_name
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:{Provisioner.__name__}", factory.GROUP_NAME)
    with warm.WarmPython(IMPORTED) as Provisioner.python:
        factory.default_provisioner_name = NAME
        try:
            yield
        finally:
            factory.default_provisioner_name = before
