"""Compiled functions that only other compiled functions call: optimised once, as a part of each caller.

Numba optimises every function together with all that it calls and makes machine code of it. What is called through five
others would pass through that six times, and the machine code of five of them would never run. So the functions here
keep what Numba has made of them as it is, for whoever calls them from Python to optimise as a whole.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.extending import register_jitable

_ENVIRONMENT = "_ZN08NumbaEnv"
_POINTER = ir.IntType(8).as_pointer()


# What is used of Numba's own. A version that has it under other names compiles everything as it does otherwise.
_OF_LIBRARY = ("_linking_libraries", "_reload_init", "_final_module", "_finalize_dynamic_globals", "_finalized")
_OF_CODEGEN = ("_create_empty_module", "_add_module", "_engine")


def _has(thing: Any, names: tuple[str, ...]) -> bool:
    return all(hasattr(thing, name) for name in names)


class _Part(JITCodeLibrary):
    """The code of a function and of what it calls, linked and neither optimised nor translated."""

    def finalize(self) -> None:
        if not (_has(self, _OF_LIBRARY) and _has(self._codegen, _OF_CODEGEN)):
            super().finalize()
            return
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._final_module.verify()
        self._finalize_dynamic_globals()
        self._place_environments()
        self._finalized = True

    def _place_environments(self) -> None:
        """Make the variables in which Numba is about to write down the surroundings of the function."""
        codegen: Any = self._codegen
        variables = codegen._create_empty_module(f"{self.name} environments")
        for variable in self._final_module.global_variables:
            if variable.name.startswith(_ENVIRONMENT):
                place = ir.GlobalVariable(variables, _POINTER, variable.name)
                place.linkage, place.initializer = "common", ir.Constant(_POINTER, None)
        codegen._add_module(binding.parse_assembly(str(variables)))
        codegen._engine.finalize_object()


class _Compiler(CompilerBase):
    """Numba's usual steps, with another place for what comes out."""

    def define_pipelines(self) -> list[Any]:
        state: Any = self.state
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        return [DefaultPassBuilder.define_nopython_pipeline(state)]


#: What Numba is told of a function that only compiled functions call.
OPTIONS: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "pipeline_class": _Compiler}


def inner(function: Callable[..., Any]) -> Any:
    """Let compiled functions call this one, which is compiled into each of them; in Python it stays as it is.

    For functions whose arguments have a type for each method or problem. What is compiled once for all is better off
    with :func:`~rootkappa.core.compiled.njit`, which stores it.
    """
    return register_jitable(**OPTIONS)(function)
