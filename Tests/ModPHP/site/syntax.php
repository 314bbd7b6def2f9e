<?php
echo "never";
this is wrong;
