"""Mistakes of other Dask charts and deployments, measured or read there, impossible here."""

from __future__ import annotations

import json

import pytest

from chart.manifests import CHART, Refused, group, render

GIB = 2**30


def limits(manifests, name="dask-workers"):
    return int(manifests.flags(name)["--memory-limit"]), int(manifests.flags(name)["--nworkers"])


class TestHelmChart:
    """The `dask` chart."""

    def test_a_group_with_no_replicas_has_none(self):
        manifests = render({"workers": {"replicas": 0}, "workerGroups": {"gpu": group(replicas=0)}})
        assert manifests["Deployment", "dask-workers-gpu"]["spec"]["replicas"] == 0
        assert manifests["Deployment", "dask-workers"]["spec"]["replicas"] == 0

    @pytest.mark.parametrize("kind", ["Deployment", "PodDisruptionBudget"])
    def test_groups_do_not_share_a_selector(self, kind):
        manifests = render({"workerGroups": {"a": group(), "b": group()}})
        found = {
            json.dumps(manifest["spec"]["selector"])
            for name, manifest in manifests.kind(kind).items()
            if "workers" in name
        }
        assert len(found) == 3

    def test_the_autoscaler_counts_only_the_pods_of_its_deployment(self):
        manifests = render({"autoscaling": {"enabled": True}, "workerGroups": {"gpu": group()}})
        selector = manifests["Deployment", "dask-workers"]["spec"]["selector"]["matchLabels"]
        other = manifests.pod("dask-workers-gpu")["metadata"]["labels"]
        assert not selector.items() <= other.items()
        assert selector.items() <= manifests.pod("dask-workers")["metadata"]["labels"].items()

    @pytest.mark.parametrize("cpu", ["500m", "0.5", "1.5", "2"])
    def test_fractional_cpu_is_no_number_of_threads(self, cpu):
        manifests = render(
            {"workers": {"resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}}}}
        )
        assert manifests.flags()["--nthreads"] == "1"

    @pytest.mark.parametrize("port", [9000, 8786, 65535])
    def test_scheduler_service_and_workers_agree_on_the_port(self, port):
        manifests = render({"scheduler": {"port": port}})
        (comm,) = [
            entry
            for entry in manifests.one("Service")["spec"]["ports"]
            if entry["name"] == "tcp-comm"
        ]
        listening = {
            entry["name"]: entry["containerPort"]
            for entry in manifests.container("dask-scheduler")["ports"]
        }
        assert manifests.flags("dask-scheduler")["--port"] == str(port)
        assert comm["port"] == listening[comm["targetPort"]] == port
        assert manifests.container()["args"][0] == f"tcp://dask-scheduler:{port}"
        assert all(
            {"port": port, "protocol": "TCP"} in peers["ports"]
            for peers in manifests.one("NetworkPolicy")["spec"]["ingress"][1:]
        )

    def test_no_cpu_limit_invents_no_memory_limit(self):
        manifests = render({"workers": {"resources": {"limits": {"cpu": ""}}}})
        assert limits(manifests) == ((4 * GIB - 256 * 2**20) // 2, 2)
        assert manifests.container()["resources"]["limits"] == {"memory": "4Gi"}

    def test_flags_do_not_depend_on_limits_being_there(self):
        assert set(render({"workers": {"resources": {"limits": {"cpu": ""}}}}).flags()) == set(
            render().flags()
        )

    def test_no_setting_is_read_under_another_name(self):
        """`podTargetLabels` was a value that the template looked for as `targetLabels`."""
        with pytest.raises(Refused, match="podTargetLabels"):
            render({"monitoring": {"podTargetLabels": ["a"]}})

    def test_groups_keep_the_probes(self):
        manifests = render({"workerGroups": {"gpu": group()}})
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert (
                manifests.container("dask-workers-gpu")[probe]
                == manifests.container("dask-workers")[probe]
            )

    def test_a_group_differs_from_the_default_one_only_in_its_group(self):
        manifests = render({"workerGroups": {"gpu": group()}})
        first, second = (
            json.dumps(manifests["Deployment", name]["spec"])
            for name in ("dask-workers", "dask-workers-gpu")
        )
        assert second.replace('worker-group": "gpu"', 'worker-group": "default"') == first

    @pytest.mark.parametrize("size", [53, 12, 1])
    def test_long_release_names_fit(self, size):
        manifests = render(release="d" * size)
        assert all(len(name) <= 63 for _, name in manifests)
        assert all(
            len(value) <= 63
            for manifest in manifests.values()
            for value in manifest["metadata"]["labels"].values()
        )

    def test_a_name_that_does_not_fit_is_refused_with_its_length(self):
        with pytest.raises(Refused, match="has 72 characters; Kubernetes allows 63"):
            render({"workerGroups": {"g" * 10: group()}}, release="d" * 53)

    def test_a_group_name_just_fits(self):
        name = "d" * 24 + "-workers-" + "g" * 30
        assert len(name) == 63
        assert ("Deployment", name) in render(
            {"workerGroups": {"g" * 30: group()}}, release="d" * 24
        )

    @pytest.mark.parametrize(
        "value", [1000000, True, 1.5, None, ["a"], {}, {"value": "1"}, {"valueFrom": {}}]
    )
    def test_env_that_is_not_text_is_refused(self, value):
        with pytest.raises(Refused):
            render({"workers": {"env": {"A": value}}})

    @pytest.mark.parametrize("value", ["1000000", "true", "1.10", "010", "yes", "1e3", "null", ""])
    def test_env_stays_the_text_it_was(self, value):
        assert render({"workers": {"env": {"A": value}}}).env()["A"] == value

    @pytest.mark.parametrize(
        ("section", "typo"),
        [
            ("workers", "replicaz"),
            ("scheduler", "imagePolicy"),
            ("autoscaling", "minReplicas"),
            ("tls", "secret"),
        ],
    )
    def test_a_misspelt_setting_is_refused(self, section, typo):
        with pytest.raises(Refused, match=typo):
            render({section: {typo: 5}})

    def test_a_misspelt_setting_of_a_group_is_refused(self):
        with pytest.raises(Refused, match="replicaz"):
            render({"workerGroups": {"gpu": group(replicaz=5)}})

    def test_two_schedulers_never_run_at_once(self):
        spec = render()["Deployment", "dask-scheduler"]["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})

    def test_two_schedulers_cannot_be_asked_for(self):
        with pytest.raises(Refused):
            render({"scheduler": {"replicas": 2}})

    @pytest.mark.parametrize("name", ["dask-scheduler", "dask-workers"])
    def test_the_commands_are_those_of_current_dask(self, name):
        assert render().container(name)["command"] in (["dask", "scheduler"], ["dask", "worker"])


class TestPulumi:
    """ModelOps' own deployment before this chart."""

    def test_env_from_a_secret_renders(self):
        source = {"secretKeyRef": {"name": "storage", "key": "connection"}}
        assert render({"workers": {"env": {"A": {"valueFrom": source}}}}).env()["A"] == source

    @pytest.mark.parametrize(
        ("limit", "processes"),
        [
            ("24Gi", 4),
            ("12Gi", 2),
            ("5Gi", 3),
            ("3.5Gi", 2),
            ("1.5Gi", 4),
            ("8000000000", 4),
            ("12884901888", 4),
            ("12e9", 4),
            ("1Ti", 4),
            ("4Gi", 32),
        ],
    )
    def test_processes_share_the_pods_memory(self, limit, processes):
        from chart.test_memory import exact

        manifests = render(
            {
                "workers": {
                    "resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": limit}},
                    "processes": processes,
                }
            }
        )
        each, count = limits(manifests)
        assert count == processes
        assert each > 0
        assert each * count + exact("256Mi") <= exact(limit)
        assert each * count + exact("256Mi") > exact(limit) - count, "memory is left over"

    @pytest.mark.parametrize(
        ("limit", "processes"), [("1Gi", 32), ("2Gi", 48), ("1Gi", 16), ("256Mi", 1), ("100Mi", 1)]
    )
    def test_no_share_is_rounded_to_no_limit(self, limit, processes):
        with pytest.raises(
            Refused,
            match=f"{limit} minus memoryReserve 256Mi, divided by {processes} processes, leaves",
        ):
            render(
                {
                    "workers": {
                        "resources": {"requests": {"memory": "64Mi"}, "limits": {"memory": limit}},
                        "processes": processes,
                    }
                }
            )

    def test_a_share_is_whole_bytes_without_a_unit(self):
        assert render({"workers": {"processes": 3}}).flags()["--memory-limit"].isdigit()

    def test_memory_in_thousandths_of_a_byte_is_refused(self):
        with pytest.raises(Refused, match="memory"):
            render({"workers": {"resources": {"limits": {"memory": "1500m"}}}})

    def test_dask_and_kubernetes_get_the_same_memory(self):
        manifests = render()
        limit = manifests.container()["resources"]["limits"]["memory"]
        each, count = limits(manifests)
        assert limit == "4Gi"
        assert each * count == 4 * GIB - 256 * 2**20

    @pytest.mark.parametrize("name", ["HOME", "TMPDIR", "MODELOPS_BUNDLE_REGISTRY"])
    def test_an_environment_variable_is_there_once(self, name):
        names = [
            entry["name"]
            for entry in render({"workers": {"env": {name: "/own"}}}).container()["env"]
        ]
        assert names.count(name) == 1
        assert len(names) == len(set(names))

    def test_the_users_variable_wins(self):
        assert render({"workers": {"env": {"HOME": "/own"}}}).env()["HOME"] == "/own"

    @pytest.mark.parametrize("name", ["dask-scheduler", "dask-workers"])
    @pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
    def test_there_are_probes(self, name, probe):
        assert render().container(name)[probe]

    @pytest.mark.parametrize("name", ["dask-scheduler", "dask-workers", "dask-test"])
    def test_there_are_network_policies(self, name):
        assert render().policies(name)

    def test_workers_have_a_pre_stop_hook(self):
        assert render().container()["lifecycle"]["preStop"]["exec"]["command"][:2] == [
            "python",
            "-c",
        ]

    def test_workers_have_a_disruption_budget(self):
        assert ("PodDisruptionBudget", "dask-workers") in render()

    def test_workers_have_fixed_ports(self):
        assert render().flags()["--worker-port"] == "40000:41023"
        assert render().flags()["--nanny-port"] == "42000:43023"

    def test_the_schedulers_budget_does_not_block_a_drain(self):
        spec = render()["PodDisruptionBudget", "dask-scheduler"]["spec"]
        assert "minAvailable" not in spec
        assert spec["maxUnavailable"] == 1
        assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"

    def test_two_workspaces_fit_one_namespace(self):
        values = {"workerGroups": {"gpu": group()}, "monitoring": {"enabled": True}}
        first, second = render(values, release="one"), render(values, release="two")
        assert first.keys() & second.keys() == set()

    @pytest.mark.parametrize(
        "kind",
        [
            "Deployment",
            "Service",
            "PodDisruptionBudget",
            "NetworkPolicy",
            "ServiceMonitor",
            "PodMonitor",
        ],
    )
    def test_two_workspaces_do_not_select_each_others_pods(self, kind):
        values = {"workerGroups": {"gpu": group()}, "monitoring": {"enabled": True}}
        first, second = render(values, release="one"), render(values, release="two")
        others = [manifest["metadata"]["labels"] for manifest in second.values()]
        others += [second.pod(name)["metadata"]["labels"] for name in second.kind("Deployment")]
        for manifest in first.kind(kind).values():
            selector = manifest["spec"].get("selector") or manifest["spec"]["podSelector"]
            selector = selector.get("matchLabels", selector)
            assert selector
            assert not any(selector.items() <= labels.items() for labels in others)

    @pytest.mark.parametrize("name", ["dask-scheduler", "dask-workers"])
    def test_selectors_use_the_recommended_labels(self, name):
        selector = render()["Deployment", name]["spec"]["selector"]["matchLabels"]
        assert set(selector) - {"modelops.io/worker-group"} == {
            f"app.kubernetes.io/{label}" for label in ("name", "instance", "component")
        }

    def test_replicas_are_left_to_the_autoscaler(self):
        for kind in ("hpa", "keda"):
            manifests = render(
                {"autoscaling": {"enabled": True, "type": kind}, "workerGroups": {"gpu": group()}}
            )
            assert "replicas" not in manifests["Deployment", "dask-workers"]["spec"]
            assert manifests["Deployment", "dask-workers-gpu"]["spec"]["replicas"] == 2

    def test_pods_pass_the_restricted_standard(self):
        for name in ("dask-scheduler", "dask-workers", "dask-test"):
            assert render().pod(name)["spec"]["securityContext"]["seccompProfile"] == {
                "type": "RuntimeDefault"
            }
            assert render().container(name)["securityContext"]["readOnlyRootFilesystem"] is True


class TestElsewhere:
    """The operator, dask-gateway, KubeRay and zero-to-jupyterhub."""

    def test_an_edit_of_any_kind_reaches_the_pods(self):
        """The operator watches replicas alone."""
        for change in ({"image": "a:1"}, {"env": {"A": "1"}}, {"extraArgs": ["--preload", "a"]}):
            assert render({"workers": change}).pod() != render().pod()

    def test_false_and_zero_are_values(self):
        """`default` and `with` in templates take them for unset."""
        manifests = render(
            {
                "workers": {"safeToEvict": False, "replicas": 0},
                "podSecurityContext": {"runAsGroup": 0, "runAsNonRoot": False},
                "autoscaling": {"scaleDownDelay": 0, "enabled": True},
            }
        )
        assert manifests.pod()["spec"]["securityContext"]["runAsGroup"] == 0
        assert manifests.pod()["spec"]["securityContext"]["runAsNonRoot"] is False
        assert (
            manifests.one("HorizontalPodAutoscaler")["spec"]["behavior"]["scaleDown"][
                "stabilizationWindowSeconds"
            ]
            == 0
        )

    def test_no_template_merges_defaults_draws_lots_or_asks_the_cluster(self):
        import re

        functions = (
            "lookup|now|rand[A-Z]\\w*|uuidv4|gen[A-Z]\\w*|tpl|merge\\w*|mustMerge\\w*|default"
            "|coalesce|getHostByName|env|expandenv"
        )
        for path in (CHART / "templates").rglob("*"):
            if path.is_file():
                code = " ".join(re.findall(r"\{\{.*?\}\}", path.read_text(), re.DOTALL))
                assert not re.search(rf"(?<![.$\w\"])({functions})\s+[.$\"(]", code), path

    def test_the_schema_declares_its_draft(self):
        schema = json.loads((CHART / "values.schema.json").read_text())
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        assert schema["additionalProperties"] is False

    def test_env_is_not_a_template(self):
        assert (
            render({"workers": {"env": {"A": "{{ .Release.Name }}"}}}).env()["A"]
            == "{{ .Release.Name }}"
        )

    def test_monitors_do_not_select_by_a_label_that_argo_overwrites(self):
        selector = render({"monitoring": {"enabled": True}}).one("ServiceMonitor")["spec"][
            "selector"
        ]["matchLabels"]
        assert "app.kubernetes.io/instance" not in selector

    def test_service_links_are_off(self):
        """A Service dask-scheduler would put DASK_SCHEDULER_PORT into the environment for Dask."""
        assert all(
            render().pod(name)["spec"]["enableServiceLinks"] is False
            for name in ("dask-scheduler", "dask-workers", "dask-test")
        )

    def test_workers_reach_each_other(self):
        rule = render()["NetworkPolicy", "dask"]["spec"]["ingress"][0]
        labels = render({"workerGroups": {"gpu": group()}}).pod("dask-workers-gpu")["metadata"][
            "labels"
        ]
        assert rule["from"][0]["podSelector"]["matchLabels"].items() <= labels.items()

    def test_probes_do_not_time_out_after_a_second(self):
        assert all(
            render().container("dask-scheduler")[probe]["timeoutSeconds"] >= 5
            for probe in ("startupProbe", "readinessProbe", "livenessProbe")
        )
