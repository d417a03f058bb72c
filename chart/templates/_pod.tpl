{{/*
What scheduler and worker pods have in common, with the indentation of a pod template: written by `template`,
for to include and indent such texts is slow. They take a dict: root (the chart's context), component, group (of
workers), pod (its values), key (its key).
*/}}

{{/* The pod's metadata; its own annotations win over the chart's. */}}
{{- define "mops.podMetadata" }}
      labels:
        {{- include "mops.selector" . | nindent 8 }}
        app.kubernetes.io/part-of: modelops
        modelops.io/workspace: {{ .root.Values.name | quote }}
        modelops.io/component: {{ .component }}
        {{- with .pod.podLabels }}
        {{- include "mops.strings" (list .) | replace "\n" "\n        " }}
        {{- end }}
      annotations:
        {{- $annotations := dict "kubectl.kubernetes.io/default-container" .component "cluster-autoscaler.kubernetes.io/safe-to-evict" (toString .pod.safeToEvict) }}
        {{- if not .pod.safeToEvict }}{{ $_ := set $annotations "karpenter.sh/do-not-disrupt" "true" }}{{ end }}
        {{- include "mops.strings" (list $annotations .pod.podAnnotations) | replace "\n" "\n        " }}
{{- end }}

{{/* The pod's spec, besides its containers. */}}
{{- define "mops.podSpec" }}
      serviceAccountName: {{ include "mops.serviceAccountName" .root | quote }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .pod.gracePeriod | int64 }}
      securityContext:
        {{- with .root.Values.podSecurityContext }}
        runAsNonRoot: {{ .runAsNonRoot }}
        {{- if not $.root.Values.openshift }}
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
      {{- with .root.Values.imagePullSecrets }}
      imagePullSecrets:
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- range $field := list "affinity" "priorityClassName" "runtimeClassName" "tolerations" }}
      {{- with get $.pod $field }}
      {{- dict $field . | toYaml | nindent 6 }}
      {{- end }}
      {{- end }}
      {{- with .pod.nodeSelector }}
      nodeSelector:
        {{- include "mops.strings" (list .) | replace "\n" "\n        " }}
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
      {{- with .pod.initContainers }}
      initContainers:
      {{- template "mops.containers" (dict "root" $.root "containers" .) }}
      {{- end }}
      volumes:
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
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- with .pod.extraPodSpec }}
      {{- range $field := keys . }}
      {{- if has $field (list "affinity" "automountServiceAccountToken" "containers" "enableServiceLinks" "hostIPC" "hostNetwork" "hostPID" "imagePullSecrets" "initContainers" "nodeSelector" "priorityClassName" "restartPolicy" "runtimeClassName" "securityContext" "serviceAccount" "serviceAccountName" "terminationGracePeriodSeconds" "tolerations" "topologySpreadConstraints" "volumes") }}
      {{- fail (printf "%s.extraPodSpec.%s: the chart manages this field" $.key $field) }}
      {{- end }}
      {{- end }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
{{- end }}

{{/* What every main container has: its image, environment, resources, mounts and security. */}}
{{- define "mops.container" }}
        image: {{ .pod.image | quote }}
        imagePullPolicy: {{ .pod.imagePullPolicy }}
        env:
        {{- template "mops.env" . }}
        {{- with .pod.envFrom }}
        envFrom:
        {{- toYaml . | nindent 8 }}
        {{- end }}
        resources:
          {{- range $kind, $amounts := .pod.resources }}
          {{ $kind }}:
            {{- range $resource, $amount := $amounts }}
            {{- if $amount }}
            {{ $resource }}: {{ $amount | quote }}
            {{- end }}
            {{- end }}
          {{- end }}
        {{- template "mops.containerSecurity" .root }}
        volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if .root.Values.tls.secretName }}
        - name: tls
          mountPath: /etc/dask/tls
          readOnly: true
        {{- end }}
        {{- with .pod.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

{{/* Containers of the user's, with the chart's security where they say none. */}}
{{- define "mops.containers" }}
{{- range .containers }}
      - {{ toYaml . | indent 8 | trim }}
        {{- if not (hasKey . "securityContext") }}
        {{- template "mops.containerSecurity" $.root }}
        {{- end }}
{{- end }}
{{- end }}

{{- define "mops.containerSecurity" }}
        securityContext:
          {{- with .Values.containerSecurityContext }}
          allowPrivilegeEscalation: {{ .allowPrivilegeEscalation }}
          readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
          {{- if or .capabilities.drop .capabilities.add }}
          capabilities:
            {{- range $what, $names := .capabilities }}
            {{- with $names }}
            {{ $what }}:
            {{- range . }}
            - {{ . | quote }}
            {{- end }}
            {{- end }}
            {{- end }}
          {{- end }}
          {{- end }}
{{- end }}

{{/*
The environment: what the chart sets, then the pod's own by name, each name once. The pod's own HOME and
TMPDIR replace the chart's; its other names are refused there. `$(NAME)` of a variable that comes later
would stay as it is, which nobody means; of a name that is not here it is text, or comes from an envFrom.
*/}}
{{- define "mops.env" }}
        {{- $own := dict "HOME" "/tmp" "TMPDIR" "/tmp" }}
        {{- if .root.Values.tls.secretName }}
        {{- $_ := set $own "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION" "true" }}
        {{- $_ := set $own "DASK_DISTRIBUTED__COMM__TLS__CA_FILE" "/etc/dask/tls/ca.crt" }}
        {{- range $role := list "CLIENT" "SCHEDULER" "WORKER" }}
        {{- $_ := set $own (printf "DASK_DISTRIBUTED__COMM__TLS__%s__CERT" $role) "/etc/dask/tls/tls.crt" }}
        {{- $_ := set $own (printf "DASK_DISTRIBUTED__COMM__TLS__%s__KEY" $role) "/etc/dask/tls/tls.key" }}
        {{- end }}
        {{- end }}
        {{- $earlier := dict "POD_NAME" true "POD_IP" true }}
        {{- if ne .component "test" }}
        - name: POD_NAME
          valueFrom: {fieldRef: {apiVersion: v1, fieldPath: metadata.name}}
        - name: POD_IP
          valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIP}}
        {{- end }}
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
            {{- $value.valueFrom | toYaml | nindent 12 }}
        {{- else if kindIs "string" $value }}
          value: {{ $value | quote }}
          {{- if contains "$(" $value }}
          {{- range regexFindAll "\\$\\([^)]*\\)" (replace "$$" "" $value) -1 }}
          {{- $reference := . | trimPrefix "$(" | trimSuffix ")" }}
          {{- if and (hasKey $.pod.env $reference) (not (hasKey $earlier $reference)) }}
          {{- fail (printf "%s: %s comes before %s is set, for they are sorted by name; to keep it as text write $%s" $key . $reference .) }}
          {{- end }}
          {{- end }}
          {{- end }}
        {{- else }}
        {{- fail (printf "%s: %v is not text, put it in quotes" $key $value) }}
        {{- end }}
        {{- $_ := set $earlier $name true }}
        {{- end }}
{{- end }}
