# Engines that failed in cuDNN's first list are counted against its second.
set(test cudnn_planning)
set(header ops/cuda/cudnn_engines.cuh)
set(right "        for (const cudnnBackendHeurMode_t list : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
            int tried = 0;
")
set(wrong "        int tried = 0;
        for (const cudnnBackendHeurMode_t list : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
")
