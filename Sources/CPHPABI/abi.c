#include "martinet_php.h"
