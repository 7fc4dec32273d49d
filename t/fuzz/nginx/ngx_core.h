/* All of it is in ngx_config.h. */

#ifndef FUZZ_NGX_CORE_H_INCLUDED
#define FUZZ_NGX_CORE_H_INCLUDED


#include <ngx_config.h>


#endif /* FUZZ_NGX_CORE_H_INCLUDED */
