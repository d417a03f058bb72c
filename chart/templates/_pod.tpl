{{/*
What scheduler and worker pods have in common.
These take a dict: root (the chart's context), component, group (of workers), pod (its values), key (its key).
*/}}

{{/* The pod's metadata; its own annotations win over the chart's. */}}
{{- define "mops.podMetadata" -}}
labels:
  {{- include "mops.podLabels" . | nindent 2 }}
annotations:
  {{- $annotations := dict "kubectl.kubernetes.io/default-container" .component "cluster-autoscaler.kubernetes.io/safe-to-evict" (toString .pod.safeToEvict) }}
  {{- if not .pod.safeToEvict }}{{ $_ := set $annotations "karpenter.sh/do-not-disrupt" "true" }}{{ end }}
  {{- include "mops.strings" (list $annotations .pod.podAnnotations) | replace "\n" "\n  " }}
{{- end }}

{{/* The pod's spec, besides its containers. */}}
{{- define "mops.podSpec" -}}
serviceAccountName: {{ include "mops.serviceAccountName" .root | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .pod.gracePeriod | int64 }}
securityContext:
  {{- include "mops.podSecurity" .root | nindent 2 }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- with .pod.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .pod.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with include "mops.strings" (list .pod.nodeSelector) }}
nodeSelector:
  {{- . | replace "\n" "\n  " }}
{{- end }}
{{- with .pod.tolerations }}
tolerations:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- with .pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.topologySpreadConstraints }}
topologySpreadConstraints:
{{- range . }}
- {{ toYaml . | indent 2 | trim }}
  {{- if not (hasKey . "labelSelector") }}
  labelSelector:
    matchLabels:
      {{- include "mops.selector" $ | nindent 6 }}
  {{- end }}
{{- end }}
{{- end }}
{{- with .pod.initContainers }}
initContainers:
{{- include "mops.containers" (dict "root" $.root "containers" .) }}
{{- end }}
volumes:
{{- include "mops.volumes" . | nindent 0 }}
{{- with .pod.extraPodSpec }}
{{- range $field := keys . }}
{{- if has $field (list "affinity" "automountServiceAccountToken" "containers" "enableServiceLinks" "hostIPC" "hostNetwork" "hostPID" "imagePullSecrets" "initContainers" "nodeSelector" "priorityClassName" "restartPolicy" "runtimeClassName" "securityContext" "serviceAccount" "serviceAccountName" "terminationGracePeriodSeconds" "tolerations" "topologySpreadConstraints" "volumes") }}
{{- fail (printf "%s.extraPodSpec.%s: the chart manages this field" $.key $field) }}
{{- end }}
{{- end }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "mops.podSecurity" -}}
{{- with .Values.podSecurityContext -}}
runAsNonRoot: {{ .runAsNonRoot }}
{{- if not $.Values.openshift }}
runAsUser: {{ .runAsUser | int64 }}
runAsGroup: {{ .runAsGroup | int64 }}
fsGroup: {{ .fsGroup | int64 }}
{{- end }}
{{- with .supplementalGroups }}
supplementalGroups:
{{- range . }}
- {{ . | int64 }}
{{- end }}
{{- end }}
seccompProfile:
  type: {{ .seccompProfile.type }}
{{- end }}
{{- end }}

{{- define "mops.containerSecurity" -}}
{{- with .Values.containerSecurityContext -}}
allowPrivilegeEscalation: {{ .allowPrivilegeEscalation }}
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
{{- if or .capabilities.drop .capabilities.add }}
capabilities:
  {{- with .capabilities.drop }}
  drop:
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .capabilities.add }}
  add:
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* What every main container has: its image, environment, resources, mounts and security. */}}
{{- define "mops.container" -}}
image: {{ .pod.image | quote }}
imagePullPolicy: {{ .pod.imagePullPolicy }}
env:
{{- include "mops.env" . | nindent 0 }}
{{- with .pod.envFrom }}
envFrom:
{{- toYaml . | nindent 0 }}
{{- end }}
resources:
  {{- range $kind, $amounts := .pod.resources }}
  {{ $kind }}:
    {{- range $resource, $amount := $amounts }}
    {{- if ne $amount "" }}
    {{ $resource }}: {{ $amount | quote }}
    {{- end }}
    {{- end }}
  {{- end }}
securityContext:
  {{- include "mops.containerSecurity" .root | nindent 2 }}
volumeMounts:
{{- include "mops.volumeMounts" . | nindent 0 }}
{{- end }}

{{/* Containers of the user's, with the chart's security where they say none, each line after a line break. */}}
{{- define "mops.containers" -}}
{{- range .containers }}
- {{ toYaml . | indent 2 | trim }}
  {{- if not (hasKey . "securityContext") }}
  securityContext:
    {{- include "mops.containerSecurity" $.root | nindent 4 }}
  {{- end }}
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

{{/* Where pods may connect to while egress is restricted: DNS, each other and what the user names. */}}
{{- define "mops.egress" -}}
- ports:
  {{- range $port := .Values.openshift | ternary (list 53 5353) (list 53) }}
  - {port: {{ $port }}, protocol: UDP}
  - {port: {{ $port }}, protocol: TCP}
  {{- end }}
- to:
  - podSelector:
      matchLabels:
        {{- include "mops.selector" (dict "root" .) | nindent 8 }}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}
