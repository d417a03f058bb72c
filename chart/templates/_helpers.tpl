{{/*
Names and labels. Most of these take a dict: root (the chart's context), component and, for workers, group.
*/}}

{{/* The name of a worker group's objects. */}}
{{- define "mops.workersName" -}}
{{- $name := printf "%s-workers" .root.Release.Name }}
{{- if ne .group "default" }}{{ $name = printf "%s-%s" $name .group }}{{ end }}
{{- if gt (len $name) 63 }}
{{- $problem := printf "the name %s has %d characters; Kubernetes allows 63" $name (len $name) }}
{{- fail (printf "%s; shorten the name of the release or of the group" $problem) }}
{{- end }}
{{- $name }}
{{- end }}

{{- define "mops.serviceAccountName" -}}
{{- if .Values.serviceAccount.name }}{{ .Values.serviceAccount.name }}
{{- else if .Values.serviceAccount.create }}{{ .Release.Name }}
{{- else }}default
{{- end }}
{{- end }}

{{/* The address at which workers and clients reach the scheduler. */}}
{{- define "mops.schedulerAddress" -}}
{{- $protocol := .Values.tls.secretName | empty | ternary "tcp" "tls" }}
{{- $protocol }}://{{ .Release.Name }}-scheduler:{{ .Values.scheduler.port | int64 }}
{{- end }}

{{/* The labels by which pods are selected. They must never change: a Deployment's selector is immutable. */}}
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
The metadata of an object, except its name. Also takes labels and annotations of the object itself, and layers: true
adds an annotation that names the layers the values come from. Pods do not get it, because it would restart them.
Since every object has its metadata at one depth, it comes with its indentation: use `template`, which is faster.
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
    {{- with include "mops.strings" (list .root.Values.labels .labels) }}
    {{- . | nindent 4 }}
    {{- end }}
  {{- $layers := dict }}
  {{- if and .layers .root.Values.mopsValues }}
  {{- with .root.Values.mopsValues.layers }}
  {{- $layers = dict "mops.modelops.io/layers" (join " < " .) }}
  {{- end }}
  {{- end }}
  {{- with include "mops.strings" (list .root.Values.annotations .annotations $layers) }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* The labels of a pod. Also takes pod, the pod's values. */}}
{{- define "mops.podLabels" -}}
{{- include "mops.selector" . }}
app.kubernetes.io/part-of: modelops
modelops.io/workspace: {{ .root.Values.name | quote }}
modelops.io/component: {{ .component }}
{{- with .pod.podLabels }}
{{ include "mops.strings" (list .) }}
{{- end }}
{{- end }}

{{/* The annotations of a pod: the chart's, which those of its values override. */}}
{{- define "mops.podAnnotations" -}}
{{- $own := dict "kubectl.kubernetes.io/default-container" .component }}
{{- $_ := set $own "cluster-autoscaler.kubernetes.io/safe-to-evict" (toString .pod.safeToEvict) }}
{{- if not .pod.safeToEvict }}{{ $_ := set $own "karpenter.sh/do-not-disrupt" "true" }}{{ end }}
{{- include "mops.strings" (list $own .pod.podAnnotations) }}
{{- end }}

{{/* Merged mappings of strings, sorted by key and quoted. If several mappings have a key, the last value wins. */}}
{{- define "mops.strings" -}}
{{- $all := dict }}
{{- range . }}{{ range $key, $value := . }}{{ $_ := set $all $key $value }}{{ end }}{{ end }}
{{- $separator := "" }}
{{- range $key, $value := $all }}
{{- $separator }}{{ $key | quote }}: {{ $value | quote }}
{{- $separator = "\n" }}
{{- end }}
{{- end }}
