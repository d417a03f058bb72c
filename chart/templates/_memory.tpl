{{/*
The bytes that each worker process may use: the pod's limit minus the reserve, in equal parts, rounded down.
Takes a dict: pod (the values of a worker group) and group (its name).
*/}}
{{- define "mops.processMemory" -}}
{{- $key := eq .group "default" | ternary "workers" (printf "workerGroups.%s" .group) }}
{{- $limit := .pod.resources.limits.memory }}
{{- $available := include "mops.millibytes" (list (printf "%s.resources.limits.memory" $key) $limit) | int64 }}
{{- $reserved := include "mops.millibytes" (list (printf "%s.memoryReserve" $key) .pod.memoryReserve) | int64 }}
{{- $bytes := div (sub $available $reserved) (mul 1000 (int64 .pod.processes)) }}
{{- if lt $bytes 67108864 }}
{{- $sum := printf "limits.memory %s minus memoryReserve %s" $limit .pod.memoryReserve }}
{{- $quotient := printf "divided by %d processes, leaves %d bytes for each" (int64 .pod.processes) $bytes }}
{{- fail (printf "%s: %s, %s; give each at least 64Mi (67108864)" $key $sum $quotient) }}
{{- end }}
{{- $bytes }}
{{- end }}

{{/*
A memory quantity in thousandths of a byte, which is an integer. Takes a list: the key, for messages, and the
quantity.
*/}}
{{- define "mops.millibytes" -}}
{{- $quantity := last . }}
{{- $decimal := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 }}
{{- $binary := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- $suffix := trimAll "0123456789." $quantity }}
{{- $parts := splitList ($suffix | empty | ternary " " $suffix) $quantity }}
{{- $unit := hasKey $decimal $suffix | ternary (get $decimal $suffix) (get $binary $suffix) }}
{{- if has $suffix (list "e" "E") }}{{ $unit = printf "1%s" (repeat (last $parts | int) "0") }}{{ end }}
{{- $digits := splitList "." (first $parts) }}
{{- $whole := first $digits | int64 }}
{{- if or (gt (first $digits | len) 16) (gt $whole (div 1125899906842624 (int64 $unit))) }}
{{- fail (printf "%s: %s is more than 1024Ti" (first .) $quantity) }}
{{- end }}
{{- /* The decimals from the last to the first: each step rounds down, and so does the result. */}}
{{- $fraction := 0 }}
{{- range $digit := rest $digits | join "" | splitList "" | reverse }}
{{- $fraction = add (div $fraction 10) (mul (int64 $digit) $unit 100) }}
{{- end }}
{{- add (mul $whole $unit 1000) $fraction }}
{{- end }}
