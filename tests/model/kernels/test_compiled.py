"""A function is compiled where that can be done, and else used as it is."""

import torch

from elmo.model.kernels import compiled


def double(x):
    return 2 * x


def test_on_a_processor_a_function_stays_as_it_is():
    assert compiled.compiled_on(torch.device("cpu"), double) is double


def test_on_a_gpu_it_is_compiled_once_where_triton_and_a_c_compiler_are(monkeypatch):
    device = torch.device("cuda", 0)
    made = []
    monkeypatch.setattr(torch, "compile", lambda function, dynamic: made.append(dynamic) or (lambda x: function(x) + 1))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(compiled, "find_spec", lambda name: object())
    monkeypatch.setattr(compiled.shutil, "which", lambda name: f"/bin/{name}")
    compiled._can_compile.cache_clear()
    compiled._compiled.cache_clear()
    try:
        first = compiled.compiled_on(device, double)
        assert first(3) == 7
        assert compiled.compiled_on(device, double) is first
        assert compiled.compiled_on(device, double, any_shape=True) is not first
        assert made == [False, True]
        for there, capability in ((None, (9, 0)), (object(), (6, 1))):
            monkeypatch.setattr(compiled, "find_spec", lambda name, there=there: there)
            monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, it=capability: it)
            compiled._can_compile.cache_clear()
            assert compiled.compiled_on(device, double) is double
    finally:
        compiled._can_compile.cache_clear()
        compiled._compiled.cache_clear()
