{{/*
Names, labels, the environment and the memory of a worker process.
Most of these take a dict: root (the chart's context), component, group (of workers), pod (its values).
*/}}

{{/* The name of a worker group's objects. */}}
{{- define "mops.workersName" -}}
{{- $name := printf "%s-workers" .root.Release.Name }}
{{- if ne .group "default" }}{{ $name = printf "%s-%s" $name .group }}{{ end }}
{{- if gt (len $name) 63 }}{{ fail (printf "the name %s has %d characters, Kubernetes allows 63: shorten the release's or the group's" $name (len $name)) }}{{ end }}
{{- $name }}
{{- end }}

{{- define "mops.serviceAccountName" -}}
{{- if .Values.serviceAccount.name }}{{ .Values.serviceAccount.name }}
{{- else if .Values.serviceAccount.create }}{{ .Release.Name }}
{{- else }}default
{{- end }}
{{- end }}

{{/* Where workers and clients reach the scheduler. */}}
{{- define "mops.schedulerAddress" -}}
{{ .Values.tls.secretName | empty | ternary "tcp" "tls" }}://{{ .Release.Name }}-scheduler:{{ .Values.scheduler.port | int64 }}
{{- end }}

{{/* What selects pods. Kubernetes allows no change of it in the life of a Deployment. */}}
{{- define "mops.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- with .group }}
modelops.io/worker-group: {{ . | quote }}
{{- end }}
{{- end }}

{{- define "mops.podLabels" -}}
{{ include "mops.selector" . }}
app.kubernetes.io/part-of: modelops
modelops.io/workspace: {{ .root.Values.name | quote }}
modelops.io/component: {{ .component }}
{{- include "mops.strings" (list .pod.podLabels) }}
{{- end }}

{{/*
The metadata of an object besides its name; `labels` and `annotations` are the object's own. `layers` says
which layers made the values: for Deployments, never for pods, which it would restart.
*/}}
{{- define "mops.metadata" -}}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "mops.selector" . | nindent 2 }}
  app.kubernetes.io/part-of: modelops
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
  modelops.io/workspace: {{ .root.Values.name | quote }}
  {{- with .component }}
  modelops.io/component: {{ . }}
  {{- end }}
  {{- include "mops.strings" (list .root.Values.labels .labels) | replace "\n" "\n  " }}
{{- $own := dict }}
{{- if and .layers .root.Values.mopsValues .root.Values.mopsValues.layers }}
{{- $own = dict "mops.modelops.io/layers" (join " < " .root.Values.mopsValues.layers) }}
{{- end }}
{{- with include "mops.strings" (list .root.Values.annotations .annotations $own) }}
annotations:
  {{- . | replace "\n" "\n  " }}
{{- end }}
{{- end }}

{{/* Maps of strings as one, sorted, each line after a line break; of a key in several maps the last counts. */}}
{{- define "mops.strings" -}}
{{- $all := dict }}
{{- range . }}{{ range $key, $value := . }}{{ $_ := set $all $key $value }}{{ end }}{{ end }}
{{- range $key, $value := $all }}
{{ $key | quote }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{/*
The environment: what the chart sets, then the pod's own by name, each name once. The pod's own HOME and
TMPDIR replace the chart's; its other names are refused there. `$(NAME)` of a variable that comes later
would stay as it is, which nobody means; of a name that is not here it is text, or comes from an envFrom.
*/}}
{{- define "mops.env" -}}
{{- $own := dict "HOME" "/tmp" "TMPDIR" "/tmp" }}
{{- if .root.Values.tls.secretName }}
{{- $_ := set $own "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION" "true" }}
{{- $_ := set $own "DASK_DISTRIBUTED__COMM__TLS__CA_FILE" "/etc/dask/tls/ca.crt" }}
{{- range $role := list "CLIENT" "SCHEDULER" "WORKER" }}
{{- $_ := set $own (printf "DASK_DISTRIBUTED__COMM__TLS__%s__CERT" $role) "/etc/dask/tls/tls.crt" }}
{{- $_ := set $own (printf "DASK_DISTRIBUTED__COMM__TLS__%s__KEY" $role) "/etc/dask/tls/tls.key" }}
{{- end }}
{{- end }}
{{- $earlier := dict "POD_NAME" true "POD_IP" true -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: metadata.name
- name: POD_IP
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: status.podIP
{{- range $name, $value := $own }}
{{- if not (hasKey $.pod.env $name) }}
{{- $_ := set $earlier $name true }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- range $name, $value := .pod.env }}
{{- $key := printf "%s.env.%s" $.key $name }}
{{- if or (has $name (list "POD_NAME" "POD_IP")) (and (hasKey $own $name) (hasPrefix "DASK_" $name)) }}
{{- fail (printf "%s: the chart sets this variable itself" $key) }}
{{- end }}
- name: {{ $name | quote }}
{{- if kindIs "map" $value }}
  valueFrom:
    {{- $value.valueFrom | toYaml | nindent 4 }}
{{- else if kindIs "string" $value }}
  value: {{ $value | quote }}
  {{- range regexFindAll "\\$\\([^)]*\\)" (replace "$$" "" $value) -1 }}
  {{- $reference := . | trimPrefix "$(" | trimSuffix ")" }}
  {{- if and (hasKey $.pod.env $reference) (not (hasKey $earlier $reference)) }}
  {{- fail (printf "%s: %s comes before %s is set, for they are sorted by name; to keep it as text write $%s" $key . $reference .) }}
  {{- end }}
  {{- end }}
{{- else }}
{{- fail (printf "%s: %v is not text, put it in quotes" $key $value) }}
{{- end }}
{{- $_ := set $earlier $name true }}
{{- end }}
{{- end }}

{{/* A memory quantity in thousandths of a byte, which are whole and fit 64 bits up to one Pi. */}}
{{- define "mops.millibytes" -}}
{{- $units := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- $suffix := regexFind "[A-Za-z].*$" . }}
{{- $unit := get $units $suffix }}
{{- if regexMatch "^[eE]" $suffix }}{{ $unit = printf "1%s" (repeat (trimAll "eE" $suffix | int) "0") }}{{ end }}
{{- $whole := regexFind "^[0-9]+" . | int64 }}
{{- $thousandths := regexFind "\\.[0-9]*" . | trimPrefix "." | printf "1%s000" | trunc 4 | int64 }}
{{- mul (int64 $unit) (add (mul $whole 1000) (sub $thousandths 1000)) }}
{{- end }}

{{/* The bytes that each worker process may use: the pod's limit less the reserve, in equal whole parts. */}}
{{- define "mops.processMemory" -}}
{{- $limit := .pod.resources.limits.memory }}
{{- $rest := sub (include "mops.millibytes" $limit | int64) (include "mops.millibytes" .pod.memoryReserve | int64) }}
{{- $bytes := div $rest (mul 1000 (int64 .pod.processes)) }}
{{- if lt $bytes 67108864 }}
{{- fail (printf "%s: limits.memory %s less memoryReserve %s, divided by %d processes, leaves %d bytes for each; give each at least 64Mi (67108864)" .key $limit .pod.memoryReserve (int64 .pod.processes) $bytes) }}
{{- end }}
{{- $bytes }}
{{- end }}

{{/* How an autoscaler may change the number of pods: up at once, down slowly. */}}
{{- define "mops.scaling" -}}
scaleDown:
  stabilizationWindowSeconds: {{ .Values.autoscaling.scaleDownDelay | int64 }}
  policies:
  - type: Percent
    value: 25
    periodSeconds: 60
{{- end }}
