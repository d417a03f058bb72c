{{/*
Values that the chart refuses, because they would fail or would have an unintended effect. Each template takes the
chart's context, or a dict: root and pods (the key of a pod's values -> these values). They render nothing.
*/}}

{{/* Values that `mops render` did not write, or that were truncated: this section comes last. */}}
{{- define "mops.guard.origin" }}
{{- if not (and .Values.mopsValues .Values.mopsValues.schemaVersion) }}
{{- $problem := "these values were not written by `mops render`, or the file is empty or truncated" }}
{{- $remedy := "to render the chart on its own, add -f ci/default-values.yaml from the chart's directory" }}
{{- fail (printf "%s (mopsValues.schemaVersion is missing); %s" $problem $remedy) }}
{{- end }}
{{- end }}

{{/* Names. Helm accepts only lower-case letters, digits, "-" and "." in the name of a release. */}}
{{- define "mops.guard.names" }}
{{- if or (contains "." .Release.Name) (lt .Release.Name "a") }}
{{- $rule := "must start with a letter and contain only lower-case letters, digits and \"-\"" }}
{{- fail (printf "release name %s: a Service's name starts with it, so it %s" .Release.Name $rule) }}
{{- end }}
{{- /* Helm calls a chart by its alias in the dependencies of a chart around it. */}}
{{- if ne .Chart.Name "mops-dask" }}
{{- $problem := printf "dependencies: alias %s: two of these charts would make objects of the same names" .Chart.Name }}
{{- fail (printf "%s; remove the alias, or install each workspace as a release of its own" $problem) }}
{{- end }}
{{- if hasKey .Values.workerGroups "default" }}
{{- fail "workerGroups.default: the name `default` is reserved for the group that `workers` configures; rename it" }}
{{- end }}
{{- end }}

{{/* Labels that the chart sets. */}}
{{- define "mops.guard.labels" }}
{{- $labels := dict "labels" .root.Values.labels "monitoring.labels" .root.Values.monitoring.labels }}
{{- range $key, $pod := .pods }}{{ $_ := set $labels (printf "%s.podLabels" $key) $pod.podLabels }}{{ end }}
{{- $standard := "app\\.kubernetes\\.io/(name|instance|component|part-of|managed-by|version)|helm\\.sh/chart" }}
{{- $own := printf "^(%s|modelops\\.io/(workspace|component|worker-group|release))$" $standard }}
{{- range $key, $mapping := $labels }}
{{- range $label := keys $mapping }}
{{- if regexMatch $own $label }}
{{- fail (printf "%s: the chart sets the label %s itself; remove it" $key $label) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Fields of the pod's spec that the chart writes: those with a setting, and those listed here. The setting resources
is about the container, the field about the whole pod.
*/}}
{{- define "mops.guard.podFields" }}
{{- $managed := list "automountServiceAccountToken" "containers" "enableServiceLinks" "hostIPC" "hostNetwork" }}
{{- $managed = concat $managed (list "hostPID" "imagePullSecrets" "restartPolicy" "securityContext") }}
{{- $managed = concat $managed (list "serviceAccount" "serviceAccountName" "terminationGracePeriodSeconds") }}
{{- range $key, $pod := .pods }}
{{- range $field := keys $pod.extraPodSpec }}
{{- if or (and (hasKey $pod $field) (ne $field "resources")) (has $field $managed) }}
{{- fail (printf "%s.extraPodSpec.%s: the chart manages this field; remove it from extraPodSpec" $key $field) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Arguments that the chart writes. */}}
{{- define "mops.guard.arguments" }}
{{- $both := "no-dashboard|dashboard-address|tls-ca-file|tls-cert|tls-key" }}
{{- if .root.Values.tls.secretName }}{{ $both = printf "%s|protocol" $both }}{{ end }}
{{- $scheduler := "port|host|dashboard|idle-timeout" }}
{{- $worker := "name|nworkers|nthreads|memory-limit|worker-port|nanny-port|nanny|no-nanny" }}
{{- $worker = printf "%s|local-directory|scheduler-file" $worker }}
{{- range $key, $pod := .pods }}
{{- $managed := printf "^--(%s|%s)(=|$)" $both (eq $key "scheduler" | ternary $scheduler $worker) }}
{{- range $argument := $pod.extraArgs }}
{{- if regexMatch $managed $argument }}
{{- fail (printf "%s.extraArgs: the chart manages %s; remove it" $key $argument) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Variables that the chart sets, or whose values are not strings. */}}
{{- define "mops.guard.env" }}
{{- $certificates := "TLS__(CA_FILE|(CLIENT|SCHEDULER|WORKER)__(CERT|KEY))" }}
{{- $encryption := printf "^DASK_DISTRIBUTED__COMM__(REQUIRE_ENCRYPTION|%s)$" $certificates }}
{{- range $key, $pod := .pods }}
{{- range $name, $value := $pod.env }}
{{- $here := printf "%s.env.%s" $key $name }}
{{- $encrypts := and $.root.Values.tls.secretName (regexMatch $encryption $name) }}
{{- if or $encrypts (eq $name "POD_NAME") (eq $name "POD_IP") }}
{{- fail (printf "%s: the chart sets this variable itself; remove it" $here) }}
{{- else if not (or (kindIs "string" $value) (kindIs "map" $value)) }}
{{- fail (printf "%s: %v is not a string; put it in quotes" $here $value) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
