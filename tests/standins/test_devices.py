"""Accelerators and clusters that are not there."""

from __future__ import annotations

from collections.abc import Callable

from shapecheck.tracer import TraceResult

Holds = Callable[..., TraceResult]


def test_every_device_is_the_cpu(holds: Holds) -> None:
    holds(
        """
        import torch
        from torch import nn
        device = torch.device("cuda:1")
        layer = nn.Linear(3, 2).to(device).cuda()
        x = torch.zeros(4, 3, device="cuda").to(device, torch.float32, non_blocking=True).cuda(non_blocking=True)
        assert layer(x).device.type == "cpu" and x.pin_memory().shape == (4, 3)
        assert torch.randn(2, device="mps").device.type == "cpu" and not torch.cuda.is_available()
        with torch.device("cuda"):
            assert torch.ones(2).device.type == "cpu"
        torch.cuda.set_device(0); torch.cuda.empty_cache(); torch.cuda.synchronize()
        assert torch.cuda.FloatTensor(2, 3).shape == (2, 3) and torch.Generator(device="cuda").device.type == "cpu"
        assert layer.to(torch.float16).weight.dtype == torch.float16
        """
    )


def test_a_script_that_gives_up_without_a_gpu_goes_on(holds: Holds) -> None:
    holds(
        """
        import sys, torch
        assert torch.cuda.is_available(), "no GPU"
        if not torch.cuda.is_available():
            sys.exit("no GPU")
        device = "cuda" if torch.cuda.is_available() else "cpu"
        assert device == "cpu"
        """
    )


def test_wrappers_leave_the_module_as_it_is(holds: Holds) -> None:
    holds(
        """
        import torch
        from torch import nn
        from torch.nn.parallel import DistributedDataParallel as DDP
        net = nn.DataParallel(nn.Linear(3, 2))
        assert net(torch.ones(1, 3)).shape == (1, 2) and net.module.out_features == 2
        assert isinstance(DDP(nn.Linear(3, 2), device_ids=[0]).module, nn.Linear)
        assert torch.compile(net.module) is net.module
        @torch.compile(mode="max-autotune")
        def double(x):
            return x * 2
        assert double(torch.ones(2)).tolist() == [2.0, 2.0]
        scaler = torch.amp.GradScaler("cuda")
        assert scaler.state_dict()["scale"] == 65536.0
        scaler.load_state_dict(scaler.state_dict())
        with torch.autocast("cuda", dtype=torch.float16):
            loss = net(torch.ones(1, 3)).sum()
        scaler.scale(loss).backward()
        """
    )


def test_one_process_stands_for_the_cluster(holds: Holds) -> None:
    holds(
        """
        import torch
        import torch.distributed as dist
        dist.init_process_group("nccl")
        assert dist.is_initialized() and (dist.get_rank(), dist.get_world_size()) == (0, 1)
        x = torch.ones(2)
        dist.all_reduce(x); dist.barrier()
        gathered = [torch.zeros(2)]
        dist.all_gather(gathered, x)
        assert gathered[0] is x
        """
    )


def test_a_script_counts_one_gpu_and_syncs_its_batch_norms(holds: Holds) -> None:
    holds(
        """
        import torch
        from torch import nn
        assert torch.cuda.device_count() == 1, "needs a GPU"
        net = nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
        assert net.cuda(0)(torch.zeros(2, 3, 8, 8)).shape == (2, 4, 6, 6)
        assert nn.SyncBatchNorm(3)(torch.zeros(2, 3, 8)).shape == (2, 3, 8)
        """
    )
