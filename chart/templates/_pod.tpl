{{/*
Parts that all pods of the chart share. Most of these take a dict: root (the chart's context), component and,
for workers, group, and pod (the pod's values).
*/}}

{{- define "mops.podSecurityContext" -}}
{{- with .Values.podSecurityContext -}}
runAsNonRoot: {{ .runAsNonRoot }}
{{- if not $.Values.openshift }}
runAsUser: {{ .runAsUser | int64 }}
runAsGroup: {{ .runAsGroup | int64 }}
fsGroup: {{ .fsGroup | int64 }}
{{- end }}
{{- with .supplementalGroups }}
supplementalGroups:
{{- toYaml . | nindent 0 }}
{{- end }}
seccompProfile:
  type: {{ .seccompProfile.type }}
{{- end }}
{{- end }}

{{- define "mops.containerSecurityContext" -}}
{{- with .Values.containerSecurityContext -}}
allowPrivilegeEscalation: {{ .allowPrivilegeEscalation }}
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
{{- if or .capabilities.drop .capabilities.add }}
capabilities:
  {{- range $action, $names := .capabilities }}
  {{- with $names }}
  {{ $action }}:
  {{- range . }}
  - {{ . | quote }}
  {{- end }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Empty quantities are left out. */}}
{{- define "mops.resources" -}}
requests:
  {{- range $resource, $quantity := .requests }}
  {{- if $quantity }}
  {{ $resource }}: {{ $quantity | quote }}
  {{- end }}
  {{- end }}
limits:
  {{- range $resource, $quantity := .limits }}
  {{- if $quantity }}
  {{ $resource }}: {{ $quantity | quote }}
  {{- end }}
  {{- end }}
{{- end }}

{{/*
Kubernetes' own fields of a pod's spec, written only if they are set. Since there may be none, this and mops.containers
include the indentation of a pod's spec: use `template` instead of `include`.
*/}}
{{- define "mops.podFields" }}
      {{- with .root.Values.imagePullSecrets }}
      imagePullSecrets:
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- range $field := list "affinity" "hostAliases" "priorityClassName" "runtimeClassName" "tolerations" }}
      {{- with get $.pod $field }}
      {{- dict $field . | toYaml | nindent 6 }}
      {{- end }}
      {{- end }}
      {{- with .pod.nodeSelector }}
      nodeSelector:
        {{- include "mops.strings" (list .) | nindent 8 }}
      {{- end }}
      {{- with .pod.topologySpreadConstraints }}
      topologySpreadConstraints:
      {{- range . }}
      - {{ toYaml . | indent 8 | trim }}
        {{- if not (hasKey . "labelSelector") }}
        labelSelector:
          matchLabels:
            {{- include "mops.selector" $ | nindent 12 }}
        {{- end }}
      {{- end }}
      {{- end }}
      {{- with .pod.extraPodSpec }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
{{- end }}

{{/* The user's own containers, with the chart's security context if they have none. Takes root and containers. */}}
{{- define "mops.containers" }}
      {{- range .containers }}
      - {{ toYaml . | indent 8 | trim }}
        {{- if not (hasKey . "securityContext") }}
        securityContext:
          {{- include "mops.containerSecurityContext" $.root | nindent 10 }}
        {{- end }}
      {{- end }}
{{- end }}

{{- define "mops.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if .root.Values.tls.secretName }}
- name: tls
  mountPath: /etc/dask/tls
  readOnly: true
{{- end }}
{{- with .pod.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "mops.volumes" -}}
- name: tmp
  emptyDir:
    {{- with .pod.temporaryStorage }}
    sizeLimit: {{ . | quote }}
    {{- else }} {}
    {{- end }}
{{- with .root.Values.tls.secretName }}
- name: tls
  secret:
    secretName: {{ . | quote }}
{{- end }}
{{- with .pod.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
