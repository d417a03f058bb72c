{{/*
Names, labels and the memory of a worker process.
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

{{/*
The metadata of an object besides its name; `labels` and `annotations` are the object's own. `layers` says
which layers made the values: for Deployments, never for pods, which it would restart.
*/}}
{{- define "mops.metadata" }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "mops.selector" . | nindent 4 }}
    app.kubernetes.io/part-of: modelops
    app.kubernetes.io/managed-by: {{ .root.Release.Service }}
    app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
    helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
    modelops.io/workspace: {{ .root.Values.name | quote }}
    {{- with .component }}
    modelops.io/component: {{ . }}
    {{- end }}
    {{- if or .root.Values.labels .labels }}
    {{- include "mops.strings" (list .root.Values.labels .labels) | replace "\n" "\n    " }}
    {{- end }}
{{- $own := dict }}
{{- if and .layers .root.Values.mopsValues .root.Values.mopsValues.layers }}
{{- $own = dict "mops.modelops.io/layers" (join " < " .root.Values.mopsValues.layers) }}
{{- end }}
{{- with include "mops.strings" (list .root.Values.annotations .annotations $own) }}
  annotations:
    {{- . | replace "\n" "\n    " }}
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

{{/* A memory quantity, as key and quantity, in thousandths of a byte, which are whole. */}}
{{- define "mops.millibytes" -}}
{{- $quantity := last . }}
{{- $units := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- $suffix := trimAll "0123456789." $quantity }}
{{- $parts := splitList ($suffix | empty | ternary " " $suffix) $quantity }}
{{- $unit := get $units $suffix }}
{{- if has $suffix (list "e" "E") }}{{ $unit = printf "1%s" (repeat (last $parts | int) "0") }}{{ end }}
{{- $digits := splitList "." (first $parts) }}
{{- $whole := first $digits | int64 }}
{{- if or (gt (first $digits | len) 16) (gt $whole (div 1125899906842624 (int64 $unit))) }}
{{- fail (printf "%s: %s is more than 1024Ti" (first .) $quantity) }}
{{- end }}
{{- $thousandths := rest $digits | join "" | printf "1%s000" | trunc 4 | int64 }}
{{- mul (int64 $unit) (add (mul $whole 1000) (sub $thousandths 1000)) }}
{{- end }}

{{/* The bytes that each worker process may use: the pod's limit less the reserve, in equal whole parts. */}}
{{- define "mops.processMemory" -}}
{{- $limit := .pod.resources.limits.memory }}
{{- $bytes := include "mops.millibytes" (list (printf "%s.resources.limits.memory" .key) $limit) | int64 }}
{{- $reserve := include "mops.millibytes" (list (printf "%s.memoryReserve" .key) .pod.memoryReserve) | int64 }}
{{- $bytes = div (sub $bytes $reserve) (mul 1000 (int64 .pod.processes)) }}
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
